// The few calls of libtorch that tch does not bind. Every function catches what C++ throws and returns its text
// (to be freed with kontrast_free), or null where all went well.

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "guarded.h"

namespace {

std::vector<at::Tensor> list(at::Tensor* const* tensors, size_t n) {
  std::vector<at::Tensor> out;
  out.reserve(n);
  for (size_t i = 0; i < n; ++i) out.push_back(*tensors[i]);
  return out;
}

at::DeviceType device_type(int cuda) { return cuda ? at::kCUDA : at::kCPU; }

}  // namespace

extern "C" {

void kontrast_free(char* text) { std::free(text); }

// Returns the state before, so that guards nest: bit 0 enabled, the dtype above it.
char* kontrast_autocast_enter(int cuda, int* was_enabled, int* was_dtype) {
  return guarded([&] {
    const auto device = device_type(cuda);
    *was_enabled = at::autocast::is_autocast_enabled(device);
    *was_dtype = static_cast<int>(at::autocast::get_autocast_dtype(device));
    at::autocast::set_autocast_enabled(device, true);
    at::autocast::set_autocast_dtype(device, at::kBFloat16);
    at::autocast::increment_nesting();
  });
}

char* kontrast_autocast_exit(int cuda, int was_enabled, int was_dtype) {
  return guarded([&] {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_type(cuda), was_enabled != 0);
    at::autocast::set_autocast_dtype(device_type(cuda), static_cast<at::ScalarType>(was_dtype));
  });
}

char* kontrast_deterministic(int on) {
  return guarded([&] {
    at::globalContext().setDeterministicAlgorithms(on != 0, /*warn_only=*/true);
    at::globalContext().setDeterministicCuDNN(on != 0);
    // Filling fresh memory would cost a pass over every buffer; no operation here reads what it did not write.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
  });
}

char* kontrast_channels_last(const at::Tensor* in, at::Tensor** out) {
  return guarded([&] { *out = new at::Tensor(in->contiguous(at::MemoryFormat::ChannelsLast)); });
}

char* kontrast_forget_gradients(at::Tensor* const* variables, size_t n) {
  return guarded([&] {
    for (size_t i = 0; i < n; ++i) variables[i]->mutable_grad().reset();
  });
}

char* kontrast_fused_sgd(at::Tensor* const* variables, at::Tensor* const* gradients, at::Tensor* const* buffers,
                         size_t n, double lr, double momentum, double weight_decay, int nesterov) {
  return guarded([&] {
    // Without momentum the kernel wants no buffers at all.
    at::_fused_sgd_(list(variables, n), list(gradients, n), list(buffers, momentum == 0.0 ? 0 : n), weight_decay,
                    momentum, lr, /*dampening=*/0.0, nesterov != 0, /*maximize=*/false, /*is_first_step=*/false);
  });
}

char* kontrast_fused_adamw(at::Tensor* const* variables, at::Tensor* const* gradients, at::Tensor* const* means,
                           at::Tensor* const* squares, at::Tensor* const* steps, size_t n, double lr, double beta1,
                           double beta2, double weight_decay, double eps) {
  return guarded([&] {
    at::_fused_adamw_(list(variables, n), list(gradients, n), list(means, n), list(squares, n), {}, list(steps, n),
                      lr, beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false);
  });
}

// Most bytes that the device's allocator has held at once.
char* kontrast_peak_device_memory(int device, uint64_t* bytes) {
  return guarded([&] {
    const auto stats = c10::getDeviceAllocator(at::kCUDA)->getDeviceStats(static_cast<c10::DeviceIndex>(device));
    *bytes = static_cast<uint64_t>(stats.allocated_bytes[0].peak);
  });
}

// Bytes that are free on the device, as its driver counts them.
char* kontrast_free_device_memory(int device, uint64_t* bytes) {
  return guarded([&] {
    const auto info = c10::getDeviceAllocator(at::kCUDA)->getMemoryInfo(static_cast<c10::DeviceIndex>(device));
    *bytes = static_cast<uint64_t>(info.first);
  });
}

// Loads libtorch_cuda.so from the folder where the libtorch_cpu.so of this process really lies.
// *loaded: 1 loaded, 0 that folder has no CUDA half.
char* kontrast_load_cuda(int* loaded) {
  return guarded([&] {
    *loaded = 0;
    // The folder is that of an address inside libtorch_cpu, not of this shim, which is linked into the program.
    void* symbol = dlsym(RTLD_DEFAULT, "_ZN2at13globalContextEv");
    Dl_info info;
    if (!symbol || !dladdr(symbol, &info) || !info.dli_fname) {
      TORCH_CHECK(false, "cannot tell where libtorch_cpu.so was loaded from");
    }
    char real[PATH_MAX];
    TORCH_CHECK(realpath(info.dli_fname, real), "cannot resolve ", info.dli_fname);
    std::string path(real);
    path = path.substr(0, path.rfind('/') + 1) + "libtorch_cuda.so";
    if (access(path.c_str(), R_OK) != 0) return;
    if (!dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL)) TORCH_CHECK(false, dlerror());
    *loaded = 1;
  });
}

}  // extern "C"

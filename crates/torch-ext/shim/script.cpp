// A TorchScript module of a source text and named tensors, as the bytes of its file. A file of its own, since the headers
// of TorchScript take long to compile.

#include <torch/csrc/jit/api/module.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "guarded.h"

namespace {

using torch::jit::Module;

// A module without anything in it but what PyTorch asks of each: whether it trains.
Module empty(const std::shared_ptr<torch::jit::CompilationUnit>& unit, const char* name) {
  Module module(c10::QualifiedName(name), unit, /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

}  // namespace

extern "C" {

// Names have dots, as in a state dictionary: `layer1.0.conv1.weight` lies in three modules. `out` is to be freed with
// kontrast_free.
char* kontrast_script(const char* source, const char* const* names, at::Tensor* const* tensors, const int* buffers,
                      size_t n, const char* note, const char* text, char** out, size_t* length) {
  return guarded([&] {
    const auto unit = std::make_shared<torch::jit::CompilationUnit>();
    Module root = empty(unit, "Encoder");
    for (size_t i = 0; i < n; ++i) {
      Module module = root;
      std::string name = names[i];
      for (size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
        const std::string part = name.substr(0, dot);
        name = name.substr(dot + 1);
        if (!module.hasattr(part)) module.register_module(part, empty(unit, "Part"));
        module = module.attr(part).toModule();
      }
      module.register_parameter(name, *tensors[i], buffers[i] != 0);
    }
    root.define(source);
    std::ostringstream stream;
    root.save(stream, {{note, text}});
    const std::string bytes = stream.str();
    *out = static_cast<char*>(std::malloc(bytes.size()));
    if (*out == nullptr) throw std::bad_alloc();
    std::memcpy(*out, bytes.data(), bytes.size());
    *length = bytes.size();
  });
}

}  // extern "C"

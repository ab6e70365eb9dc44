//! TorchScript modules of a source text: what `tch` makes by tracing has its weights as constants, which no device and no
//! optimizer reaches, and the batch that it was traced with in its shapes.

use crate::StateDict;
use crate::ffi::{checked, kontrast_free, kontrast_script, pointers};
use libc::{c_char, c_int};
use std::ffi::CString;
use tch::{TchError, Tensor};

/// The file of a TorchScript module, which `torch.jit.load` and [`tch::CModule::load`] read.
///
/// Its tensors stand under the names of `state`: all are parameters but running statistics, which are buffers. `source` is
/// its `forward`, in TorchScript; a part with a number for its name is `getattr(self.layer1, "0")`. `note` goes into the
/// file beside it, as the extra file of that name. The module says that it is in evaluation mode.
///
/// ```
/// use kontrast_torch_ext::{StateDict, torch_script};
/// use tch::{CModule, Tensor};
///
/// let state: StateDict = [("layer.0.weight".to_owned(), Tensor::from_slice(&[2f32, 3.0]))].into_iter().collect();
/// let source = "def forward(self, x):\n    return x * getattr(self.layer, \"0\").weight\n";
/// let file = torch_script(source, &state, ("note", "doubles and triples"))?;
/// let module = CModule::load_data(&mut &file[..])?;
/// assert_eq!(module.forward_ts(&[Tensor::from_slice(&[5f32, 7.0])])?, Tensor::from_slice(&[10f32, 21.0]));
/// # Ok::<(), tch::TchError>(())
/// ```
///
/// # Errors
/// Where libtorch does not understand the source.
///
/// # Panics
/// Where a name or a text has a zero byte.
pub fn torch_script(source: &str, state: &StateDict, note: (&str, &str)) -> Result<Vec<u8>, TchError> {
    let text = |text: &str| CString::new(text).expect("a text without zero bytes");
    let names: Vec<CString> = state.iter().map(|(name, _)| text(name)).collect();
    let is_buffer = |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
    let buffers: Vec<c_int> = state.iter().map(|(name, _)| is_buffer(name).into()).collect();
    let tensor = |name: &str, tensor: &Tensor| {
        let own = tensor.detach().to_device(tch::Device::Cpu).contiguous();
        own.set_requires_grad(!is_buffer(name))
    };
    let tensors: Vec<Tensor> = state.iter().map(|(name, value)| tensor(name, value)).collect();
    let name_pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    let (source, name, note) = (text(source), text(note.0), text(note.1));
    let (mut out, mut length) = (std::ptr::null_mut(), 0);
    // SAFETY: all lists have as many entries as there are tensors, and they and the texts live through the call; on success
    // `out` is `length` bytes that are ours to free.
    unsafe {
        checked(kontrast_script(
            source.as_ptr(),
            name_pointers.as_ptr(),
            pointers(&tensors).as_ptr(),
            buffers.as_ptr(),
            tensors.len(),
            name.as_ptr(),
            note.as_ptr(),
            &raw mut out,
            &raw mut length,
        ))?;
        let bytes = std::slice::from_raw_parts(out.cast::<u8>(), length).to_vec();
        kontrast_free(out);
        Ok(bytes)
    }
}

"""Scans as nibabel and pydicom write them, and the bytes that their slices are to become, in expected.json.

Orientation is nibabel's (`as_closest_canonical`), rescaling nibabel's and pydicom's, percentiles numpy's, resampling torch's.

    pip install nibabel==5.4.2 pydicom==3.0.2 numpy torch==2.11.0 pillow
"""

import gzip
import io
import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import torch
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_rescale
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

HERE = Path(__file__).parent
WINDOWS = [(40.0, 400.0), (-100.0, 90.5), (300.0, 1500.0)]
PERCENTILES = [(1.0, 99.0)]
rng = np.random.default_rng(0)


def blob(shape, low=-200, high=700):
    """Smooth values, so that resampling and JPEG say something."""
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij"))
    smooth = np.exp(-((grid - 0.2 * rng.standard_normal((3, 1, 1, 1))) ** 2).sum(0) * 2)
    return np.rint(low + (high - low) * smooth + 20 * rng.standard_normal(shape))


# What the bytes are to be.

def levels(values, pairs, percentiles):
    channels = []
    for a, b in pairs:
        if percentiles:
            low, high = np.percentile(values.astype(np.float64), [a, b])
            a, b = (low + high) / 2, high - low
        channels.append(lambda v, a=a, b=b: np.clip(np.floor(255 * ((v.astype(np.float64) - a) / b + 0.5) + 0.5), 0, 255))
    return lambda v: np.stack([channel(v) for channel in channels], -1).astype(np.uint8)


def cut(data, affine, plane):
    """Slices, positions along the normal, and the size of a pixel across and down."""
    image = nib.as_closest_canonical(nib.Nifti1Image(data, affine))
    data, affine = np.asanyarray(image.dataobj), image.affine
    through, down, across = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}[plane]
    steps = affine[:3, :3]
    normal = np.cross(steps[:, across], steps[:, down])
    normal *= np.sign(normal[through]) / np.linalg.norm(normal)
    images = np.transpose(data, (through, down, across))[:, ::-1, ::-1]
    positions = [float(normal @ (affine[:3, 3] + k * steps[:, through])) for k in range(len(images))]
    return images, positions, [np.linalg.norm(steps[:, across]), np.linalg.norm(steps[:, down])]


def resampled(image, pixel, spacing):
    size = [max(1, int(np.floor(n * old / spacing + 0.5))) for n, old in zip(image.shape, pixel[::-1])]
    tensor = torch.from_numpy(np.ascontiguousarray(image, dtype=np.float64))[None, None]
    found = torch.nn.functional.interpolate(tensor, size=size, mode="bilinear", antialias=True)
    return found[0, 0].numpy().astype(np.float32)


cases = []


def case(path, plane, images, positions, pixel, percentiles=False, spacing=None, inverted=False, tolerance=0):
    make = levels(images, PERCENTILES if percentiles else WINDOWS, percentiles)
    found = [image if spacing is None else resampled(image, pixel, spacing) for image in images]
    found = [make(np.ascontiguousarray(image, dtype=np.float32)) for image in found]
    if inverted:
        found = [255 - image for image in found]
    cases.append({
        "path": path,
        "plane": plane,
        "percentiles": percentiles,
        "spacing": spacing,
        "tolerance": tolerance,
        "size": [int(found[0].shape[1]), int(found[0].shape[0])],
        "positions": positions,
        "pixels": [image.reshape(-1).tolist() for image in found],
    })


# NIfTI.

def rotation(a, b):
    ca, sa, cb, sb = np.cos(a), np.sin(a), np.cos(b), np.sin(b)
    return np.array([[ca, -sa, 0], [sa, ca, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, cb, -sb], [0, sb, cb]])


def affine(axes, origin):
    found = np.eye(4)
    found[:3, :3], found[:3, 3] = axes, origin
    return found


def nifti(name, data, matrix, sform=True, slope=None, inter=None, big=False):
    image = nib.Nifti1Image(data, matrix, dtype=data.dtype)
    if big:
        header = nib.Nifti1Header(endianness=">")
        header.set_data_dtype(data.dtype.newbyteorder(">"))
        image = nib.Nifti1Image(data, matrix, header)
    image.set_qform(matrix, 1 if not sform else 0)
    image.set_sform(matrix if sform else None, 2 if sform else 0)
    if slope is not None:
        image.header.set_slope_inter(slope, inter)
    path = HERE / "read" / name
    nib.save(image, path)
    return nib.load(path)


def nifti_cases(name, image, planes, **more):
    data = image.get_fdata().astype(np.float32)
    data[~np.isfinite(data)] = data[np.isfinite(data)].min()
    for plane in planes:
        case(name, plane, *cut(data, image.affine, plane), **more)


def write_nifti():
    planes = ["axial", "coronal", "sagittal"]
    shape = (7, 6, 5)
    las = affine(np.diag([-2.0, 2.5, 3.0]), [6.0, -7.0, 8.0])
    image = nifti("las.nii.gz", blob(shape).astype(np.int16), las)
    nifti_cases("las.nii.gz", image, planes)
    nifti_cases("las.nii.gz", image, ["axial", "sagittal"], percentiles=True, spacing=1.3)
    nifti_cases("las.nii.gz", image, ["coronal"], spacing=4.0)
    stored = (blob(shape) * 2 + 400).clip(0, 65535).astype(np.uint16)
    raw = nib.Nifti1Image(stored, las)
    raw.header.set_slope_inter(0.5, -200.0)
    raw.header.set_data_dtype(np.uint16)
    # nibabel scales what it writes: the stored values and the slope are set in the bytes.
    text = bytearray(raw.to_bytes())
    text[112:120] = np.array([0.5, -200.0], "<f4").tobytes()
    (HERE / "read" / "slope.nii").write_bytes(text)
    nifti_cases("slope.nii", nib.load(HERE / "read" / "slope.nii"), planes)
    turned = affine(rotation(0.2, -0.3) @ np.diag([1.0, 1.0, 2.0]), [1.0, 2.0, 3.0])
    floats = blob(shape).astype(np.float32) / 3
    floats[2, 3, 1], floats[0, 0, 0] = np.nan, np.inf
    nifti_cases("oblique.nii", nifti("oblique.nii", floats, turned, sform=False), planes)
    left = affine(rotation(-0.1, 0.4) @ np.diag([1.5, 1.5, -2.0]), [-3.0, 5.0, 0.0])
    nifti_cases("handed.nii", nifti("handed.nii", blob(shape), left, sform=False), planes)
    axes = np.array([[0, 0, 1.5], [-2.0, 0, 0], [0, -2.5, 0]])
    nifti_cases("pir.nii", nifti("pir.nii", blob(shape, 0, 255).clip(0, 255).astype(np.uint8), affine(axes, [1, 2, 3])), planes)
    nifti_cases("big.nii", nifti("big.nii", blob(shape).astype(np.int32), las, big=True), ["sagittal"])
    for kind in ["int8", "uint32", "int64", "uint64"]:
        low, high = (-120, 120) if kind == "int8" else (0, 900) if kind[0] == "u" else (-200, 700)
        data = blob((4, 3, 2), low, high).clip(low, high).astype(kind)
        nifti_cases(f"{kind}.nii", nifti(f"{kind}.nii", data, las), ["axial"], percentiles=True)


# DICOM.

def dicom(patient="P1", series="1.2.3.1", syntax=ExplicitVRLittleEndian, number=1):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    meta.MediaStorageSOPInstanceUID = f"{series}.{number}"
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = "1.2.3.4"
    found = Dataset()
    found.file_meta = meta
    found.SOPClassUID, found.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    found.Modality = "CT"
    if patient:
        found.PatientID = patient
    found.SeriesInstanceUID, found.InstanceNumber = series, number
    return found


def pixels(found, values, stored=None, kind="MONOCHROME2", frames=1):
    found.Rows, found.Columns = values.shape[-2:]
    found.SamplesPerPixel, found.PhotometricInterpretation = 1, kind
    found.BitsAllocated = 8 * values.dtype.itemsize
    found.BitsStored = stored or found.BitsAllocated
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(values.dtype.kind == "i")
    if frames > 1:
        found.NumberOfFrames = frames
    big = found.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    found.PixelData = values.astype(values.dtype.newbyteorder(">")).tobytes() if big else values.tobytes()
    found["PixelData"].VR = "OW" if found.BitsAllocated > 8 else "OB"
    if len(found.PixelData) % 2:
        found.PixelData += b"\0"


def save(found, path, folder="read"):
    path = HERE / folder / path
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, found, enforce_file_format=True)
    return path


def modality(path):
    found = pydicom.dcmread(path)
    return apply_rescale(found.pixel_array, found).astype(np.float32)


def write_series():
    directions = rotation(0.1, 0.2) @ np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    across, down, through = directions.T
    values = blob((4, 6, 5), 0, 900).clip(0, 2047).astype(np.int16)
    values[:, 0, 0] = -300
    origin = np.array([-10.0, 20.0, 30.0])
    order = [2, 0, 3, 1]
    for name, slice_ in zip("abcd", order):
        found = dicom(number=9 - slice_)
        found.ImageOrientationPatient = [f"{part:.8f}" for part in [*across, *down]]
        found.ImagePositionPatient = [f"{part:.8f}" for part in origin + 2.5 * slice_ * through]
        found.PixelSpacing = ["1.25", "0.75"]
        found.RescaleSlope, found.RescaleIntercept = "2", "-1000"
        pixels(found, values[slice_], stored=12)
        save(found, f"series/{name}.dcm")
    read = np.stack([modality(HERE / "read/series" / f"{'abcd'[order.index(k)]}.dcm") for k in range(4)])
    lps = np.stack([0.75 * across, 1.25 * down, 2.5 * through], 1)
    matrix = np.diag([-1, -1, 1, 1]) @ affine(lps, origin)
    data = np.transpose(read, (2, 1, 0))
    for plane in ["axial", "coronal", "sagittal"]:
        case("series", plane, *cut(data, matrix, plane))
    _, positions, pixel = cut(data, matrix, "axial")
    case("series", "acquired", read, positions, pixel, percentiles=True, spacing=0.9)


def write_files():
    values = blob((1, 6, 9), 0, 250).clip(0, 255)[0]

    def one(name, found, **more):
        read = modality(save(found, name))
        read = read if read.ndim == 3 else read[None]
        case(name, "acquired", read, [None] * len(read), None, **more)

    found = dicom("P2", "1.2.3.2")
    pixels(found, values.astype(np.uint8), kind="MONOCHROME1")
    one("monochrome1.dcm", found, inverted=True, percentiles=True)
    for name, syntax in [("implicit", ImplicitVRLittleEndian), ("big", ExplicitVRBigEndian), ("deflated", DeflatedExplicitVRLittleEndian)]:
        found = dicom("P3", "1.2.3.3", syntax)
        pixels(found, (values * 4 - 300).astype(np.int16))
        found.RescaleSlope, found.RescaleIntercept = "0.5", "7"
        one(f"{name}.dcm", found)
    found = dicom("P4", "1.2.3.4")
    pixels(found, (np.stack([values, values[::-1]]) * 3).astype(np.uint16), frames=2)
    found.compress(RLELossless, generate_instance_uid=False)
    one("rle.dcm", found)
    found = dicom("P5", "1.2.3.5", JPEGBaseline8Bit)
    smooth = np.rint(120 + 80 * np.outer(np.sin(np.linspace(0, 2, 16)), np.cos(np.linspace(0, 2, 16)))).astype(np.uint8)
    pixels(found, smooth)
    jpeg = io.BytesIO()
    Image.fromarray(smooth).save(jpeg, "JPEG", quality=95)
    found.PixelData = encapsulate([jpeg.getvalue()])
    found["PixelData"].is_undefined_length = True
    save(found, "jpeg.dcm")
    decoded = np.asarray(Image.open(io.BytesIO(jpeg.getvalue()))).astype(np.float32)
    case("jpeg.dcm", "acquired", decoded[None], [None], None, percentiles=True, tolerance=4)


def write_enhanced():
    found = dicom("P6", "1.2.3.6")
    values = blob((3, 4, 5), 0, 900).clip(0, 4095).astype(np.uint16)
    pixels(found, values, stored=12, frames=3)
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = ["2", "2"], "3"
    plane.ImageOrientationPatient = ["0", "1", "0", "0", "0", "-1"]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([plane])
    found.SharedFunctionalGroupsSequence = Sequence([shared])
    frames, scaled = [], []
    for frame, (z, slope) in enumerate([(3, 1.0), (-3, 2.0), (0, 0.5)]):
        own, position, scaling = Dataset(), Dataset(), Dataset()
        position.ImagePositionPatient = [str(z), "5", "8"]
        scaling.RescaleSlope, scaling.RescaleIntercept, scaling.RescaleType = str(slope), "-50", "US"
        own.PlanePositionSequence, own.PixelValueTransformationSequence = Sequence([position]), Sequence([scaling])
        frames.append(own)
        scaled.append((z, values[frame].astype(np.float32) * slope - 50))
    found.PerFrameFunctionalGroupsSequence = Sequence(frames)
    save(found, "enhanced.dcm")
    # DICOM's x runs to the left: slices are sorted to the right.
    scaled.sort(key=lambda frame: -frame[0])
    images, positions = np.stack([image for _, image in scaled]), [-float(z) for z, _ in scaled]
    case("enhanced.dcm", "acquired", images, positions, [2.0, 2.0])
    case("enhanced.dcm", "sagittal", images, positions, [2.0, 2.0], percentiles=True)


# What is refused.

def write_refused():
    folder = HERE / "refused"
    data = blob((4, 3, 2)).astype(np.int16)
    whole = nib.Nifti1Image(data, np.eye(4)).to_bytes()
    (folder / "cut.nii").write_bytes(whole[:-9])
    (folder / "header.nii").write_bytes(whole[:200])
    (folder / "packed.nii.gz").write_bytes(gzip.compress(whole, mtime=0)[:-30])
    (folder / "text.nii").write_bytes(b"no scan " * 60)
    nib.save(nib.Nifti1Image(np.zeros((3, 3, 2, 4), np.int16), np.eye(4)), folder / "series.nii")
    nib.save(nib.Nifti2Image(data, np.eye(4)), folder / "second.nii")
    nib.save(nib.Nifti1Image(data.astype(np.complex64), np.eye(4)), folder / "complex.nii")
    nib.save(nib.Nifti1Image(np.full((3, 3, 2), np.nan, np.float32), np.eye(4)), folder / "nothing.nii")
    flat = bytearray(whole)
    flat[280:328] = bytes(48)
    flat[254:256] = np.int16(1).tobytes()
    (folder / "flat.nii").write_bytes(flat)
    for name, syntax in [("jpeg2000", JPEG2000Lossless), ("jpegls", JPEGLSLossless), ("rle", RLELossless), ("jpeg", JPEGBaseline8Bit)]:
        found = dicom("P7", f"1.2.4.{len(name)}", syntax)
        pixels(found, np.zeros((4, 4), np.uint8))
        found.PixelData = encapsulate([b"these bytes are no image"])
        found["PixelData"].is_undefined_length = True
        save(found, f"{name}.dcm", "refused")
    found = dicom(None, "1.2.4.9")
    pixels(found, np.arange(16, dtype=np.uint8).reshape(4, 4))
    save(found, "nobody.dcm", "refused")
    found = dicom("P8", "1.2.4.10")
    pixels(found, np.arange(16, dtype=np.uint16).reshape(4, 4))
    path = save(found, "cut.dcm", "refused")
    path.write_bytes(path.read_bytes()[:-7])
    (folder / "begun.dcm").write_bytes(path.read_bytes()[:300])
    (folder / "garbage.dcm").write_bytes(bytes(128) + b"DICM" + bytes(rng.integers(0, 256, 400, dtype=np.uint8)))
    found = dicom("P9", "1.2.4.11")
    pixels(found, np.zeros((4, 4), np.uint8))
    found.SamplesPerPixel, found.PhotometricInterpretation, found.PlanarConfiguration = 3, "RGB", 0
    found.PixelData = bytes(48)
    save(found, "colours.dcm", "refused")
    for name, positions in [("gap", [0, 2, 6]), ("twice", [0, 2, 2])]:
        for number, z in enumerate(positions):
            found = dicom("P10", f"1.2.4.{name == 'gap'}".replace("True", "12").replace("False", "13"), number=number)
            found.ImageOrientationPatient, found.PixelSpacing = ["1", "0", "0", "0", "1", "0"], ["1", "1"]
            found.ImagePositionPatient = ["0", "0", str(z)]
            pixels(found, np.arange(16, dtype=np.uint8).reshape(4, 4))
            save(found, f"{name}/{number}.dcm", "refused")


if __name__ == "__main__":
    for name in ["read", "refused"]:
        shutil.rmtree(HERE / name, ignore_errors=True)
        (HERE / name).mkdir()
    write_nifti()
    write_series()
    write_files()
    write_enhanced()
    write_refused()
    text = "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n"
    (HERE / "expected.json").write_text(text)

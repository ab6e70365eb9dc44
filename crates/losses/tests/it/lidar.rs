//! LiDAR and the spectrum against NumPy, and what is known of them.

use kontrast_losses::geometry::{effective_rank, lidar, spectrum};
use kontrast_testkit::Case;
use tch::{Device, Kind, Tensor};

fn case() -> Case {
    Case::from_bytes(include_bytes!("../golden/lidar/case.safetensors"))
}

#[test]
fn lidar_and_spectrum_are_those_of_numpy() {
    let case = case();
    for name in ["two", "five"] {
        let z = &case[&*format!("{name}.z")];
        let (found, expected) = (lidar(z), case.number(&format!("{name}.lidar")));
        assert!((found - expected).abs() < 1e-6 * expected, "{name}: {found}, expected {expected}");
        let expected = Vec::<f64>::try_from(&case[&*format!("{name}.spectrum")]).unwrap();
        let found = spectrum(&z.get(0));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-9, "{name}: {found}, expected {expected}");
        }
    }
}

#[test]
fn neither_depends_on_the_scale_or_the_axes_where_noise_is_large() {
    let case = case();
    let z = case["two.z"].to_kind(Kind::Double);
    let (_, axes) = z.get(1).tr().matmul(&z.get(1)).linalg_eigh("L");
    let turned = z.matmul(&axes) * 50.0;
    // Beside the noise, 1e-4 is little.
    assert!((lidar(&turned) - lidar(&z)).abs() < 0.01, "{} and {}", lidar(&turned), lidar(&z));
    let (found, expected) = (spectrum(&turned.get(0)), spectrum(&z.get(0)));
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9));
    assert!((expected.iter().sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn dimensions_in_which_views_differ_count_for_nothing() {
    let case = case();
    // Three directions of images in twelve of noise: the rank sees the noise too.
    let five = &case["five.z"];
    assert!(lidar(five) < 5.0 && effective_rank(&five.get(0)) > lidar(five));
}

#[test]
fn what_is_no_number_or_one_point_has_none() {
    let ones = Tensor::ones([2, 5, 3], (Kind::Float, Device::Cpu));
    assert!(spectrum(&ones.get(0)).is_empty());
    assert!(lidar(&(&ones * f64::NAN)).is_nan() && spectrum(&(ones * f64::NAN).get(0)).is_empty());
}

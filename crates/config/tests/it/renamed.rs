//! Keys of earlier versions: each is refused with the name that it has now.

use kontrast_config::Ablation;

use crate::folder::Folder;

#[test]
fn an_old_key_of_a_file_or_an_argument_is_refused_with_the_new_one() {
    let folder = Folder::new();
    let moco = "method.moco={ temperature = 0.2, momentum = { base = 0.99, final = 0.99 }, queue = 512, symmetric = false, \
                virtual_devices = 2, projector = { widths = [8], batch_norm = false } }";
    for (text, set, place, new) in [
        ("[data]\ndeviation = [0.2, 0.2, 0.2]", "seed=1", "mine.toml:3:1", "data.std"),
        ("[eval.depth]\nprobes = ['linear']", "seed=1", "mine.toml:2:7", "eval.layers"),
        ("", "data.deviation=[0.2, 0.2, 0.2]", "--set data.deviation=[0.2, 0.2, 0.2]", "data.std"),
        ("", "eval.depth.epochs=3", "--set eval.depth.epochs=3", "eval.layers"),
        ("", moco, "--set method.moco=", "method.moco.bn_splits"),
    ] {
        let message = folder.refusal(text, &[set]);
        assert!(message.starts_with(place), "{message}");
        assert!(message.contains(&format!("this key is called `{new}` now")), "{message}");
    }
}

#[test]
fn old_keys_of_steps_are_refused_with_the_new_ones() {
    let folder = Folder::new();
    for (step, new) in [
        ("{ gaussian_noise = { deviation = 0.1 } }", "gaussian_noise.std"),
        ("{ translate = { share = [0.1, 0.1], sampling = 'nearest' } }", "translate.fraction"),
        ("{ drop_channels = { share = 0.1 } }", "drop_channels.fraction"),
    ] {
        let views = format!("views.custom.view=[{{ count = 2, size = 32, steps = ['fit', {step}] }}]");
        let message = folder.refusal("", &[&views]);
        let key = format!("views.custom.view[0].steps[1].{new}");
        assert!(message.contains(&format!("this key is called `{key}` now")), "{message}");
    }
}

#[test]
fn an_old_key_of_a_joint_task_or_of_an_axis_is_refused_with_the_new_one() {
    let folder = Folder::new();
    let tasks = "[[method.joint.tasks]]\nweight = 1.0\nviews = [0]\nmethod.rotation = { rotations = 4, all = true, head = { \
                 widths = [], batch_norm = false } }\n[[method.joint.tasks]]\nweight = 1.0\nviews = [0]\nmethod.npid = { \
                 temperature = 0.1, noise = 64, bank_momentum = 0.5, normaliser_momentum = 1.0, projector = { widths = \
                 [8], batch_norm = false } }\n";
    let message = folder.refusal(tasks, &[]);
    assert!(message.contains("`method.joint.tasks[1].method.npid.negatives` now"), "{message}");
    let axis = "name = \"grid\"\npaper = \"A paper\"\nbase = \"../base.toml\"\nseeds = [0]\nscore = \"knn\"\n[[axis]]\nname = \
                \"std\"\n[[axis.value]]\nlabel = \"a\"\nset = { \"data.deviation\" = [0.2, 0.2, 0.2] }\n";
    let error = Ablation::load(&folder.write("ablations/grid.toml", axis), None).unwrap_err().to_string();
    assert!(error.contains("this key is called `data.std` now"), "{error}");
}

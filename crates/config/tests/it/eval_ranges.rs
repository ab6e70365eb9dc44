//! Values of `[eval]` out of range, each with its key.

use crate::folder::Folder;
use crate::ranges::each_is_refused;
use kontrast_config::PROTOCOLS;

#[test]
fn each_value_of_the_layer_wise_probes_out_of_range_names_its_key() {
    let layers = |rest: &str| {
        format!(
            "eval.layers={{features=9000, epochs=10, batch=128, weight_decay=5e-4, lr={{linear=0.1}}, {rest}}}"
        )
    };
    let linear = |rest: &str| layers(&format!("probes=['linear'], {rest}"));
    let cases = [
        (
            layers("probes=[]"),
            "eval.layers.probes = []: expected at least one of linear, mlp, conv and attentive, each once",
        ),
        (
            layers("probes=['linear', 'linear']"),
            "eval.layers.probes = [\"linear\", \"linear\"]: expected at least one of linear, mlp, conv and attentive, each once",
        ),
        (
            layers("probes=['linear', 'mlp']"),
            "eval.layers.lr.mlp is missing: expected a learning rate, since eval.layers.probes has \"mlp\"",
        ),
        (
            linear("stages=[2, 5]"),
            "eval.layers.stages = [2, 5]: expected stages from 1 to 4, as encoder.resnet18 has them, in rising order",
        ),
        (linear("stages=[0]"), "eval.layers.stages = [0]: expected stages from 1 to 4"),
        (linear("stages=[3, 3]"), "eval.layers.stages = [3, 3]: expected stages from 1 to 4"),
        (linear("stages=[]"), "eval.layers.stages = []: expected stages from 1 to 4"),
    ];
    let cases: Vec<_> = cases.iter().map(|(argument, expected)| (&argument[..], *expected)).collect();
    each_is_refused(&cases);
}

#[test]
fn each_number_of_few_shot_out_of_range_names_its_key() {
    let few_shot = |rest: &str| format!("eval.few_shot={{{rest}, temperature=0.07}}");
    let shots = "expected at least one number, each at least 1 and once";
    let cases = [
        (few_shot("shots=[], draws=10"), format!("eval.few_shot.shots = []: {shots}")),
        (few_shot("shots=[0, 5], draws=10"), format!("eval.few_shot.shots = [0, 5]: {shots}")),
        (few_shot("shots=[5, 5], draws=10"), format!("eval.few_shot.shots = [5, 5]: {shots}")),
        (few_shot("shots=[5], draws=0"), "eval.few_shot.draws = 0: expected at least 1".to_owned()),
        (
            "eval.few_shot={shots=[1], draws=1, temperature=0}".to_owned(),
            "eval.few_shot.temperature = 0.0: expected a number above 0".to_owned(),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(argument, expected)| (&argument[..], &expected[..])).collect();
    each_is_refused(&cases);
}

#[test]
fn each_number_of_the_protocols_on_features_out_of_range_names_its_key() {
    let logistic = |rest: &str| format!("eval.logistic={{{rest}, iterations=100, tolerance=1e-4}}");
    let some = "expected at least one number, each at least 1 and once";
    let cases = [
        (
            logistic("values=0, least_c=1e-6, most_c=1e5"),
            "eval.logistic.values = 0: expected at least 1".to_owned(),
        ),
        (
            logistic("values=45, least_c=0, most_c=1e5"),
            "eval.logistic.least_c = 0.0: expected a number above 0".to_owned(),
        ),
        (
            logistic("values=45, least_c=1, most_c=0.5"),
            "eval.logistic.most_c = 0.5: expected eval.logistic.least_c = 1.0 or above".to_owned(),
        ),
        (
            "eval.logistic={values=1, least_c=1, most_c=1, iterations=1, tolerance=0}".to_owned(),
            "eval.logistic.tolerance = 0.0: expected a number above 0".to_owned(),
        ),
        ("eval.knn_dinov2=[]".to_owned(), format!("eval.knn_dinov2 = []: {some}")),
        ("eval.knn_dinov2=[10, 10]".to_owned(), format!("eval.knn_dinov2 = [10, 10]: {some}")),
        ("eval.retrieval={ks=[0]}".to_owned(), format!("eval.retrieval.ks = [0]: {some}")),
        (
            "eval.clustering={runs=0, starts=10}".to_owned(),
            "eval.clustering.runs = 0: expected at least 1".to_owned(),
        ),
        (
            "eval.clustering={runs=1, starts=0}".to_owned(),
            "eval.clustering.starts = 0: expected at least 1".to_owned(),
        ),
        ("eval.anomaly={k=0, gamma=10}".to_owned(), "eval.anomaly.k = 0: expected at least 1".to_owned()),
        (
            "eval.anomaly={k=1, gamma=0}".to_owned(),
            "eval.anomaly.gamma = 0.0: expected a number above 0".to_owned(),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(argument, expected)| (&argument[..], &expected[..])).collect();
    each_is_refused(&cases);
}

#[test]
fn each_number_of_the_probes_on_features_out_of_range_names_its_key() {
    let usual = |key: &str| {
        let info = PROTOCOLS.iter().find(|info| info.key == key).unwrap();
        format!("eval.{key}={}", info.usual)
    };
    let cases = [
        ("linear_adam", "epochs", "0", "0: expected at least 1"),
        ("linear_adam", "batch", "0", "0: expected at least 1"),
        ("linear_adam", "lr", "0", "0.0: expected a number above 0"),
        ("linear_adam", "last_lr", "0.1", "0.1: expected above 0, at most eval.linear_adam.lr = 0.01"),
        ("linear_adam", "last_lr", "0", "0.0: expected above 0, at most eval.linear_adam.lr = 0.01"),
        ("linear_adam", "weight_decay", "-1", "-1.0: expected 0 or above"),
        ("linear_views", "epochs", "0", "0: expected at least 1"),
        ("linear_views", "batch", "0", "0: expected at least 1"),
        ("linear_views", "lrs", "[]", "[]: expected at least one number, each above 0 and once"),
        ("linear_views", "lrs", "[1, 1]", "[1.0, 1.0]: expected at least one number, each above 0 and once"),
        ("linear_views", "weight_decay", "-1", "-1.0: expected 0 or above"),
        ("linear_views", "least_area", "1.5", "1.5: expected above 0, at most 1"),
        ("mlp", "widths", "[]", "[]: expected at least one number, each at least 1"),
        ("mlp", "widths", "[5, 0]", "[5, 0]: expected at least one number, each at least 1"),
        ("mlp", "epochs", "0", "0: expected at least 1"),
        ("mlp", "batch", "1", "1: expected at least 2"),
        ("mlp", "lr", "-1", "-1.0: expected a number above 0"),
        ("mlp", "weight_decay", "-1", "-1.0: expected 0 or above"),
        ("head", "train", "1", "1: expected at least 2"),
        ("head", "test", "0", "0: expected at least 1"),
        ("head", "noise", "0", "0.0: expected a number above 0"),
        ("head", "widths", "[]", "[]: expected at least one number, each at least 1"),
        ("head", "epochs", "0", "0: expected at least 1"),
        ("head", "batch", "1", "1: expected at least 2"),
        ("head", "lr", "0", "0.0: expected a number above 0"),
        ("head", "weight_decay", "-1", "-1.0: expected 0 or above"),
    ];
    for (protocol, key, value, expected) in cases {
        let set = format!("eval.{protocol}.{key}={value}");
        let message = Folder::new().refusal("", &[&usual(protocol), &set]);
        assert!(message.contains(&format!("eval.{protocol}.{key} = {expected}")), "{set}: {message}");
    }
}

#[test]
fn each_number_of_fine_tuning_out_of_range_names_its_key() {
    let fine_tuning = |key: &str, value: &str| {
        let own = [
            ("percents", "[1, 10]"),
            ("draws", "5"),
            ("steps", "[100]"),
            ("batch", "64"),
            ("lrs", "[0.05]"),
            ("weight_decay", "0"),
            ("least_area", "0.2"),
        ];
        let pairs = own.map(|(name, usual)| format!("{name}={}", if name == key { value } else { usual }));
        format!("eval.fine_tuning={{{}}}", pairs.join(", "))
    };
    let cases = [
        ("percents", "[0]", "[0]: expected at least one whole number, each 1 to 100 and once"),
        ("percents", "[101]", "[101]: expected at least one whole number"),
        ("draws", "0", "0: expected at least 1"),
        ("steps", "[]", "[]: expected at least one number, each at least 1 and once"),
        ("batch", "1", "1: expected at least 2"),
        ("lrs", "[0.0]", "[0.0]: expected at least one number, each above 0 and once"),
        ("weight_decay", "-1", "-1.0: expected 0 or above"),
        ("least_area", "0", "0.0: expected above 0, at most 1"),
        ("least_area", "1.5", "1.5: expected above 0, at most 1"),
    ];
    let cases: Vec<_> = cases
        .iter()
        .map(|(key, value, rest)| (fine_tuning(key, value), format!("eval.fine_tuning.{key} = {rest}")))
        .collect();
    let cases: Vec<_> = cases.iter().map(|(argument, expected)| (&argument[..], &expected[..])).collect();
    each_is_refused(&cases);
}

#[test]
fn each_number_of_the_layer_wise_probes_out_of_range_names_its_key() {
    let base = "[eval.layers]\nprobes = ['conv']\nfeatures = 9000\nepochs = 10\nbatch = 128\nweight_decay = 5e-4\n\
                lr = { conv = 0.1 }";
    let folder = Folder::new();
    assert_eq!(folder.load(base, &[]).experiment.eval.layers.unwrap().stages(4), [1, 2, 3, 4]);
    for (argument, expected) in [
        ("eval.layers.features=0", "eval.layers.features = 0: expected at least 1"),
        ("eval.layers.epochs=0", "eval.layers.epochs = 0: expected at least 1"),
        ("eval.layers.batch=1", "eval.layers.batch = 1: expected at least 2: batch norm compares"),
        ("eval.layers.weight_decay=-1", "eval.layers.weight_decay = -1.0: expected 0 or above"),
        ("eval.layers.lr.conv=0", "eval.layers.lr.conv = 0.0: expected a number above 0"),
        ("eval.layers.lr.mlp=nan", "eval.layers.lr.mlp = NaN: expected a number above 0"),
        ("eval.layers.lr=0.1", "expected a table such as { linear = 0.001, mlp = 0.1, conv = 0.1 }"),
        ("eval.layers.probes=['lstm']", "`lstm` is no choice"),
    ] {
        let message = folder.refusal(base, &[argument]);
        assert!(message.contains(expected), "{argument} gives\n{message}");
    }
}

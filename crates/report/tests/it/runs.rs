//! The page of a run.

use std::fs;

use kontrast_report::{
    conclusion, label_free_markdown, layers_markdown, loss_parts_markdown, run_page, scores_markdown,
    seeds_markdown,
};
use kontrast_runlog::{Evaluation, Event, LayerScore, Layout, LossPart, RunDir, Score, Status, Summary};

use crate::sample;

fn page(summary: &Summary, events: &[Event]) -> String {
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), summary, events);
    run_page(folder.path()).unwrap();
    fs::read_to_string(Layout::of(folder.path()).report()).unwrap()
}

#[test]
fn the_page_shows_scores_beside_their_baselines() {
    let html = page(&sample::summary(), &sample::events());
    let conclusion = "knn top-1 49.5 % on the test images: 9.9 points above raw pixels, 19.1 points above the same \
                   network with random weights.";
    assert!(html.contains(conclusion));
    for cell in [">49.5<", ">39.6<", ">30.4<", ">+9.9<", ">+19.1<", ">89.9<"] {
        assert!(html.contains(cell), "{cell} is missing");
    }
    assert!(html.contains("k 20, temperature 0.05"));
}

#[test]
fn the_page_shows_pictures_curves_configuration_and_command() {
    let html = page(&sample::summary(), &sample::events());
    assert_eq!(html.matches("src=\"data:image/png;base64,iVBORw0KGgo").count(), 2);
    assert_eq!(html.matches("<svg").count(), 7);
    assert!(html.contains(">uniform value 6.24</text>") && html.contains(">raw pixels 39.6</text>"));
    assert!(html.contains("<pre>cargo xtask experiment configs&#x2f;quickstart.toml</pre>"));
    assert!(html.contains("subset = 10000"));
    assert!(html.contains("begun 2026-05-09T08:00:00Z"));
}

#[test]
fn the_parts_of_a_loss_stand_on_the_page_and_in_the_terminal() {
    let part = |name: &str, loss, accuracy: Option<f64>| LossPart {
        name: name.to_owned(),
        loss,
        uniform: Some(1.386),
        accuracy,
        accuracy_chance: accuracy.map(|_| 25.0),
    };
    let parts = vec![part("tasks.0.simclr", 4.25, None), part("tasks.1.rotation", 0.9, Some(61.3))];
    let summary = Summary { loss_parts: parts.clone(), ..sample::summary() };
    let mut events = sample::events();
    for event in &mut events {
        if let Event::Step { loss_parts, .. } = event {
            loss_parts.clone_from(&parts);
        }
    }
    let html = page(&summary, &events);
    for cell in
        [">tasks.1.rotation<", ">0.900<", ">1.386<", ">61.3 %<", ">25.0 %<", "Parts of the loss, before"]
    {
        assert!(html.contains(cell), "{cell} is missing");
    }
    let expected = "\
| part of the loss | at the end | uniform | right in the batch | by chance |
| ---------------- | ---------: | ------: | -----------------: | --------: |
| tasks.0.simclr   |      4.250 |   1.386 |                  - |         - |
| tasks.1.rotation |      0.900 |   1.386 |             61.3 % |    25.0 % |
";
    assert_eq!(loss_parts_markdown(&summary), expected);
    assert_eq!(loss_parts_markdown(&sample::summary()), "");
}

#[test]
fn the_page_stands_alone() {
    let html = page(&sample::summary(), &sample::events());
    for address in ["http:", "https:", "<link", "<script", "url(", "@import"] {
        assert!(!html.contains(address), "{address} is on the page");
    }
    assert_eq!(html.matches("src=").count(), html.matches("src=\"data:").count());
}

#[test]
fn a_run_without_labels_shows_the_figures_that_need_none() {
    let summary =
        Summary { eval: Evaluation::default(), classes: None, test_images: None, ..sample::summary() };
    let html = page(&summary, &sample::events());
    assert!(html.contains("No scores, since there are no labels; the label-free figures need none."));
    assert!(html.contains("Figures that need no labels") && html.contains(">41.3<"));
    assert!(html.contains("for two views each of up to 2,048 training images"));
    assert_eq!(html.matches("<svg").count(), 7, "a gap where the scores would be");
    assert!(!html.contains("Scores beside their baselines"));
    assert!(
        html.contains("Training images on the left; to the right the other")
            && !html.contains("framed green")
    );
}

#[test]
fn a_run_with_labels_but_no_test_split_says_what_makes_one() {
    let summary = Summary { eval: Evaluation::default(), test_images: None, ..sample::summary() };
    let html = page(&summary, &sample::events());
    assert!(html.contains("No scores, since there is no test split: data.holdout makes one"));
    assert!(
        html.contains("Training images on the left, since there is no test split")
            && html.contains("framed green")
    );
    assert!(!html.contains("no labels; "));
}

#[test]
fn a_run_that_asked_for_no_scores_says_so() {
    let summary = Summary { eval: Evaluation::default(), ..sample::summary() };
    assert!(conclusion(&summary).contains("since [eval] asks for none"));
    assert!(page(&summary, &sample::events()).contains("Test images on the left"));
}

#[test]
fn a_run_that_failed_at_once_still_has_a_page() {
    let hint = "the loss is no number; try a lower optimizer.sgd.lr".to_owned();
    let summary =
        Summary { status: Status::Diverged, hint: Some(hint), name: "x".to_owned(), ..Summary::default() };
    let folder = tempfile::tempdir().unwrap();
    sample::write(folder.path(), &summary, &[]);
    fs::remove_file(Layout::of(folder.path()).config()).unwrap();
    fs::remove_dir_all(Layout::of(folder.path()).figures()).unwrap();
    run_page(folder.path()).unwrap();
    let html = fs::read_to_string(Layout::of(folder.path()).report()).unwrap();
    assert!(html.contains("The run is marked diverged. There are no scores."));
    assert!(html.contains("try a lower optimizer.sgd.lr"));
    assert!(!html.contains("<svg") && !html.contains("<img"));
}

#[test]
fn a_difference_is_that_of_the_figures_beside_it() {
    let mut summary = sample::summary();
    summary.eval.trained.get_mut("knn").unwrap().top1 = 40.56;
    summary.eval.pixels.get_mut("knn").unwrap().top1 = 39.94;
    // Of 40.6 and 39.9, though the difference itself is 0.62.
    assert!(conclusion(&summary).contains("0.7 points above raw pixels"), "{}", conclusion(&summary));
}

#[test]
fn a_run_whose_process_is_gone_is_said_to_have_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let summary = Summary { status: Status::Running, eval: Evaluation::default(), ..sample::summary() };
    sample::write(folder.path(), &summary, &[]);
    let read = || {
        run_page(folder.path()).unwrap();
        fs::read_to_string(Layout::of(folder.path()).report()).unwrap()
    };
    let html = read();
    assert!(html.contains("The run stopped without a word.") && html.contains("go on with --resume"));
    let _owner = RunDir::acquire(folder.path()).unwrap();
    assert!(read().contains("The run is marked running."));
}

#[test]
fn field_a_page_is_made_of_a_damaged_log_and_says_so() {
    let damages =
        [&b"no JSON\n"[..], b"\xff\xfe\n", b"\0\0\0\0\n", b"{\"event\":\"st\n", b"{\"event\":\"stpe\"}\n"];
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        sample::write(folder.path(), &sample::summary(), &sample::events());
        let log = Layout::of(folder.path()).events();
        let bytes = fs::read(&log).unwrap();
        let middle = bytes.len() / 2;
        let end = middle + bytes[middle..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        fs::write(&log, [&bytes[..end], damage, &bytes[end..]].concat()).unwrap();
        run_page(folder.path()).unwrap();
        let html = fs::read_to_string(Layout::of(folder.path()).report()).unwrap();
        assert!(html.contains("events.jsonl: expected an event in each line, found in line "));
        assert!(html.contains("This line was passed over"));
        assert_eq!(html.matches("<svg").count(), 7);
    }
    assert!(!page(&sample::summary(), &sample::events()).contains("passed over"));
}

#[test]
fn field_pages_that_are_made_at_once_are_each_whole() {
    for writers in [2, 5, 9] {
        let folder = tempfile::tempdir().unwrap();
        sample::write(folder.path(), &sample::summary(), &sample::events());
        run_page(folder.path()).unwrap();
        let report = Layout::of(folder.path()).report();
        let whole = fs::read(&report).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..writers {
                scope.spawn(|| {
                    run_page(folder.path()).unwrap();
                    assert!(fs::read(&report).unwrap() == whole);
                });
            }
        });
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.filter(|name| name.to_string_lossy().ends_with(".tmp")).count(), 0);
    }
}

#[test]
fn field_a_page_is_made_of_any_numbers() {
    for number in [9_007_199_254_740_993.0, 1e19, -1e19, 1e300, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324]
    {
        for steps in [1, 780, 1 << 53, u64::MAX] {
            let mut events = sample::events();
            for event in &mut events {
                if let Event::Step { step, loss, lr, images_per_second, seconds, .. } = event {
                    *step += steps - 780.min(steps);
                    (*loss, *lr, *images_per_second, *seconds) = (number, -number, number, number);
                }
            }
            let figures = Summary {
                steps,
                loss_last: Some(number),
                loss_chance: Some(-number),
                train_seconds: number,
                images_per_second: Some(number),
                peak_memory_bytes: Some(u64::MAX),
                ..sample::summary()
            };
            let html = page(&figures, &events);
            assert!(!html.contains("NaN") && !html.contains("\"inf"), "{number:e} at {steps}");
        }
    }
}

#[test]
fn field_a_page_is_made_whatever_the_clock_said() {
    for time in
        ["1969-12-31T23:59:59Z", "-009999-01-01T00:00:00Z", "253402300800 s after 1970-01-01T00:00:00Z"]
    {
        let mut events = sample::events();
        if let Event::Start { time: begun, .. } = &mut events[0] {
            *begun = time.to_owned();
        }
        assert!(page(&sample::summary(), &events).contains(&format!("begun {time}")));
    }
}

#[test]
fn skipped_images_are_counted_and_named() {
    let skipped_images = vec!["photos/a.png: no picture".to_owned(), "photos/b.png: cut short".to_owned()];
    let html = page(&Summary { skipped_images, ..sample::summary() }, &[]);
    assert!(html.contains("2 cannot be read") && html.contains("b.png: cut short"));
    assert!(!page(&sample::summary(), &[]).contains("Images that were skipped"));
}

#[test]
fn a_published_setting_that_the_images_are_too_few_for_is_not_called_published() {
    let mut summary = sample::summary();
    let mut of_neighbours = |k: usize| {
        summary.eval.trained.insert("knn_10".to_owned(), Score::default().with("k", k));
        page(&summary, &[])
    };
    assert!(of_neighbours(10).contains("k-NN with equal votes, as published<br>k 10<"));
    assert!(of_neighbours(6).contains("there are fewer images<br>k 6<"));
}

#[test]
fn seeds_without_labels_have_the_figures_that_need_none() {
    let run = Summary { eval: Evaluation::default(), ..sample::summary() };
    let table = seeds_markdown(&[run.clone(), run.clone()]);
    assert!(table.contains("41.3 ± 0.0 |     2 |"), "{table}");
    assert!(
        label_free_markdown(&run).contains("| effective rank       |  41.3 | directions"),
        "{}",
        label_free_markdown(&run)
    );
}

#[test]
fn names_are_escaped() {
    let summary = Summary { name: "<script>alert(1)</script>".to_owned(), ..sample::summary() };
    let html = page(&summary, &[]);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
}

#[test]
fn a_folder_that_is_no_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let message = run_page(folder.path()).unwrap_err().to_string();
    assert!(message.contains("summary.json: cannot be read: "), "{message}");
}

#[test]
fn the_conclusion_says_when_a_run_is_below_a_baseline() {
    let mut summary = sample::summary();
    summary.eval.trained.get_mut("knn").unwrap().top1 = 35.0;
    assert!(
        conclusion(&summary)
            .contains("4.6 points below raw pixels, 4.6 points above the same network with random weights")
    );
}

#[test]
fn scores_are_a_table_for_the_terminal_too() {
    let expected = "\
| protocol | top-1 % | top-5 % | random init | pixels | settings                  |
| -------- | ------: | ------: | ----------: | -----: | ------------------------- |
| knn      |    49.5 |    89.9 |        30.4 |   39.6 | k 20, temperature 0.05    |
";
    assert!(scores_markdown(&sample::summary()).starts_with(expected));
}

/// Two probes on three stages.
fn probed() -> Summary {
    let score = |stage: usize, probe: &str, top1: f64, baseline: f64| LayerScore {
        stage,
        channels: 32 << stage,
        side: 64 >> stage,
        grid: if probe == "conv" { 64 >> stage } else { 11.min(64 >> stage) },
        probe: probe.to_owned(),
        epochs: 100,
        batch: 128,
        lr: 0.1,
        weight_decay: 5e-4,
        top1,
        random_init: Some(baseline),
        ..LayerScore::default()
    };
    let layers = vec![
        score(1, "linear", 55.04, 49.9),
        score(1, "conv", 74.3, 70.1),
        score(2, "linear", 62.7, 44.1),
        score(2, "conv", 80.2, 61.0),
        score(3, "linear", 60.1, 38.0),
        score(3, "conv", 70.0, 50.2),
    ];
    Summary { layers, ..sample::summary() }
}

#[test]
fn layer_wise_probes_are_a_table_and_a_curve_beside_random_init() {
    let expected = "\
| stage |       map | seen of it       | linear % | random init | conv % | random init |
| ----: | --------: | ---------------- | -------: | ----------: | -----: | ----------: |
|     1 |  64x32x32 | 11x11 for linear |     55.0 |        49.9 |   74.3 |        70.1 |
|     2 | 128x16x16 | 11x11 for linear |     62.7 |        44.1 |   80.2 |        61.0 |
|     3 |   256x8x8 | all              |     60.1 |        38.0 |   70.0 |        50.2 |
";
    assert_eq!(layers_markdown(&probed()), expected);
    let html = page(&probed(), &sample::events());
    assert_eq!(html.matches("<svg").count(), 8);
    for part in
        ["Layer-wise probes", ">conv 70</text>", ">random init 50.2</text>", ">raw pixels 39.1</text>"]
    {
        assert!(html.contains(part), "{part} is missing");
    }
    assert!(html.contains("A linear probe of raw pixels is at 39.1 %, chance at 10.0 %."));
    assert!(
        html.contains(
            "100 epochs, batch 128, weight decay 0.0005, learning rate 0.1 for linear, 0.1 for conv."
        )
    );
}

#[test]
fn without_layer_wise_probes_nothing_speaks_of_them() {
    assert_eq!(layers_markdown(&sample::summary()), "");
    assert!(!page(&sample::summary(), &sample::events()).contains("Layer-wise probes"));
    let mut one = probed();
    one.layers.truncate(2);
    let html = page(&one, &sample::events());
    assert!(html.contains("Layer-wise probes") && !html.contains("Top-1 by layer"), "a curve of one point");
}

#[test]
fn seeds_give_mean_and_std() {
    let runs = [47.0, 48.0, 49.0].map(|top1| {
        let mut summary = sample::summary();
        summary.eval.trained.get_mut("knn").unwrap().top1 = top1;
        summary
    });
    let table = seeds_markdown(&runs);
    assert!(table.contains("| knn      | 48.0 ± 1.0 |  30.4 ± 0.0 | 39.6 ± 0.0 |     3 |"), "{table}");
}

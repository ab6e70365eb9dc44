//! The pictures on the page of an ablation.

use kontrast_report::ablation_picture;

use crate::grid::{Made, file, page, paper, runs};

const ROWS: &[&str] = &["0.1", "0.5", "1"];
const COLUMNS: &[&str] = &["narrow", "wide"];

fn count(html: &str, part: &str) -> usize {
    html.matches(part).count()
}

#[test]
fn two_axes_have_a_map_with_every_value_beside_the_papers() {
    let values: Vec<(&[&str], f64)> = vec![
        (&["0.1", "narrow"], 64.4),
        (&["0.1", "wide"], 64.6),
        (&["0.5", "narrow"], 60.7),
        (&["1", "wide"], 58.3),
    ];
    let (result, place) =
        runs(&file(&[ROWS, COLUMNS], "", &paper(&values)), |cell, seed| match (cell, seed) {
            (1, 2) | (3, _) => Made::Diverged,
            (2, _) => Made::Collapsed(12.0),
            (4, _) => Made::Nothing,
            _ => Made::Finished(40.0 + cell as f64 + seed as f64),
        });
    let html = page(&result, &place);
    assert_eq!(count(&html, "class=\"heat\""), 2);
    for words in
        [">41.0<", ">41.5<", ">2 of 3 seeds<", ">12.0<", ">collapsed<", ">diverged<", ">not measured<"]
    {
        assert!(html.contains(words), "{words}");
    }
    for words in [
        ">64.4<",
        ">64.6<",
        ">60.7<",
        ">58.3<",
        ">no value<",
        "<title>0.1, wide: 41.5 ± 0.7, seeds: 2 of 3, 1 diverged<",
    ] {
        assert!(html.contains(words), "{words}");
    }
    // Four cells have both values.
    assert_eq!(count(&html, "class=\"cell\""), 4);
    assert!(html.contains("Over 4 cells Spearman&#x27;s rank correlation with the paper is -0.20"));
    assert!(html.contains("<title>0.1, narrow: ours 41.0 ± 1.0, paper 64.4</title>"));
}

#[test]
fn cells_that_are_left_out_say_so_and_stay_in_their_place() {
    let text = file(&[ROWS, COLUMNS], "left_out = [[\"0.1\", \"narrow\"]]\n", "");
    let (result, place) = runs(&text, |cell, seed| Made::Finished(40.0 + cell as f64 + seed as f64));
    let html = page(&result, &place);
    assert_eq!((count(&html, "class=\"heat\""), count(&html, ">left out<")), (1, 1));
    let map = html.split_once("class=\"heat\"").unwrap().1;
    assert!(map.find(">narrow<").unwrap() < map.find(">wide<").unwrap());
}

#[test]
fn one_axis_has_a_plot_of_its_seeds() {
    let values: Vec<(&[&str], f64)> = vec![(&["0.1"], 64.4), (&["1"], 58.3)];
    let (result, place) = runs(&file(&[ROWS], "", &paper(&values)), |cell, seed| match cell {
        0 => Made::Collapsed(10.0 + seed as f64),
        1 => Made::Nothing,
        _ => Made::Finished(44.0 + seed as f64),
    });
    let html = page(&result, &place);
    assert_eq!(
        (count(&html, "r=\"3.5\""), count(&html, "r=\"4.5\""), count(&html, "l7 7m0 -7l-7 7")),
        (3, 2, 3)
    );
    assert!(html.contains("-s1: 45.00</title>") && html.contains("-s1: 11.00, collapsed</title>"));
    assert_eq!(count(&html, "class=\"heat\"") + count(&html, "class=\"cell\""), 0);
}

#[test]
fn without_paper_values_there_is_nothing_of_a_paper() {
    let (result, place) =
        runs(&file(&[ROWS], "", ""), |cell, seed| Made::Finished(40.0 + (cell as f64) + seed as f64));
    let html = page(&result, &place);
    assert_eq!(count(&html, "r=\"4.5\"") + count(&html, ">paper</text>") + count(&html, "over the paper"), 0);
    let (result, place) = runs(&file(&[ROWS, COLUMNS], "", ""), |_, seed| Made::Finished(40.0 + seed as f64));
    assert_eq!(count(&page(&result, &place), "class=\"heat\""), 1);
}

#[test]
fn one_cell_has_a_page_and_so_have_no_runs_at_all() {
    for axes in [&[&["0.1"][..]][..], &[&["0.1"], &["narrow"]], &[&["0.1"], &["narrow"], &["256"]]] {
        for has_run in [true, false] {
            let (result, place) =
                runs(&file(axes, "", ""), |_, _| if has_run { Made::Finished(45.5) } else { Made::Nothing });
            let html = page(&result, &place);
            let drawn = count(&html, "class=\"heat\"") + count(&html, "class=\"line\"");
            // A map or none, the loss and the score.
            let expected = usize::from(axes.len() == 2) + 2;
            assert_eq!(drawn, if has_run { expected } else { 0 }, "{axes:?}");
            assert!(!html.contains("NaN") && !html.contains("inf\""), "{axes:?}");
        }
    }
}

#[test]
fn an_axis_that_counts_has_a_line_for_each_value_of_the_other() {
    let values: Vec<(&[&str], f64)> =
        vec![(&["0.1", "narrow"], 64.4), (&["1", "narrow"], 60.7), (&["1", "wide"], 50.0)];
    let text = file(&[ROWS, COLUMNS], "", &paper(&values));
    let (result, place) = runs(&text, |cell, seed| match cell {
        2 => Made::Nothing,
        _ => Made::Finished(40.0 + cell as f64 + seed as f64),
    });
    let picture = ablation_picture(&result).unwrap();
    for words in ["aria-label=\"knn, %, by temperature\"", ">wide<", ">narrow<", ">narrow, paper<"] {
        assert!(picture.contains(words), "{words}: {picture}");
    }
    // One value of the paper makes no line.
    assert!(!picture.contains("wide, paper"), "{picture}");
    assert!(page(&result, &place).contains("<figcaption>knn, %, by temperature</figcaption>"));
    assert!(
        picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.ends_with("</svg>\n")
    );
    // Labels that are no rising numbers have a map alone.
    let (result, _place) =
        runs(&file(&[&["1", "0.5", "2"], COLUMNS], "", ""), |_, seed| Made::Finished(40.0 + seed as f64));
    assert!(ablation_picture(&result).unwrap().contains("class=\"heat\""));
    let (result, _place) = runs(&file(&[ROWS], "", ""), |_, _| Made::Nothing);
    assert_eq!(ablation_picture(&result), None);
}

#[test]
fn every_cell_has_a_learning_curve_and_of_many_the_best_and_the_worst_are_named() {
    let score =
        |cell: usize, seed: u64| Made::Finished([50.0, 60.0, 40.0][cell % 3] + cell as f64 + seed as f64);
    let (result, place) = runs(&file(&[ROWS, COLUMNS], "", ""), score);
    let html = page(&result, &place);
    // And a line over temperatures for each width.
    assert_eq!(count(&html, "class=\"line\""), 12 + 2);
    assert!(html.contains("<figcaption>Loss</figcaption>"));
    assert!(html.contains("<figcaption>knn top-1 while training, %</figcaption>"));
    assert!(html.contains("<title>0.5, wide</title>") && !html.contains("best"));
    let (result, place) = runs(&file(&[ROWS, &["a", "b", "c"]], "", ""), score);
    let html = page(&result, &place);
    assert_eq!(count(&html, "class=\"line\""), 18 + 3);
    // Cell 7 has 67 and cell 2 has 42.
    for words in ["<title>best: 1, b</title>", "<title>worst: 0.1, c</title>", ">worst: 0.1, c "] {
        assert!(html.contains(words), "{words}");
    }
    assert_eq!(count(&html, "stroke-width=\"1\" stroke-linejoin"), 14);
}

//! Partners within groups: which images they are, how often, through subsets, and in the views.

use std::collections::BTreeMap;
use std::sync::Arc;

use kontrast_augment::{ImageRef, KeyedRng, ViewPlan};
use kontrast_data::{DataError, Dataset, Labelled, Paired, Partners, Subset, fill_views};
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

/// Images of one pixel, whose red is their index, and the group of each.
#[derive(Debug)]
struct Grouped(Vec<u64>);

impl Dataset for Grouped {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn size(&self, _index: usize) -> Result<(usize, usize), DataError> {
        Ok((1, 1))
    }

    fn image<'a>(&'a self, index: usize, buffer: &'a mut Vec<u8>) -> Result<ImageRef<'a>, DataError> {
        *buffer = vec![index as u8; 3];
        Ok(ImageRef::new(1, 1, buffer))
    }

    fn name(&self, index: usize) -> Option<String> {
        Some(format!("{index}.png"))
    }

    fn group(&self, index: usize) -> u64 {
        self.0[index]
    }
}

impl Labelled for Grouped {
    fn class_names(&self) -> &[String] {
        &[]
    }

    fn label(&self, index: usize) -> u32 {
        self.0[index] as u32
    }
}

fn paired(groups: &[u64], partners: Partners) -> Result<Paired<Grouped>, String> {
    Paired::new(Arc::new(Grouped(groups.to_vec())), partners).map_err(|error| error.to_string())
}

fn stream(seed: u64) -> KeyedRng {
    KeyedRng::named(*b"testing ", seed, 0, 0)
}

/// How often each image is drawn as the partner of this one.
fn partners(images: &dyn Dataset, index: usize, draws: u64) -> BTreeMap<usize, u64> {
    let mut counts = BTreeMap::new();
    for seed in 0..draws {
        *counts.entry(images.partner(index, &mut stream(seed))).or_default() += 1;
    }
    counts
}

proptest! {
    #[test]
    fn a_partner_is_another_image_of_the_group_within_reach(
        mut groups in proptest::collection::vec(0_u64..6, 2..40),
        reach in 1_usize..5,
        seed in any::<u64>(),
    ) {
        groups.extend([7, 7, 8, 9]);
        for way in [Partners::Anywhere, Partners::Within(reach)] {
            let images = paired(&groups, way).unwrap();
            let mut alone = 0;
            for index in 0..groups.len() {
                let partner = images.partner(index, &mut stream(seed));
                prop_assert_eq!(partner, images.partner(index, &mut stream(seed)));
                prop_assert_eq!(groups[partner], groups[index]);
                let members: Vec<_> =
                    (0..groups.len()).filter(|&other| groups[other] == groups[index]).collect();
                let place = |image| members.iter().position(|&member| member == image).unwrap();
                prop_assert_eq!(partner == index, members.len() == 1);
                alone += usize::from(members.len() == 1);
                if way != Partners::Anywhere {
                    prop_assert!(place(partner).abs_diff(place(index)) <= reach);
                }
            }
            prop_assert_eq!(images.alone(), alone);
        }
    }
}

#[test]
fn every_other_image_within_reach_is_drawn_about_equally_often() {
    let groups = [1, 0, 1, 1, 0, 1, 1, 1, 5];
    // The group of 1 is images 0, 2, 3, 5, 6 and 7.
    let cases: [(Partners, usize, &[usize]); 7] = [
        (Partners::Anywhere, 3, &[0, 2, 5, 6, 7]),
        (Partners::Anywhere, 0, &[2, 3, 5, 6, 7]),
        (Partners::Within(1), 3, &[2, 5]),
        (Partners::Within(2), 0, &[2, 3]),
        (Partners::Within(2), 6, &[3, 5, 7]),
        (Partners::Within(usize::MAX), 7, &[0, 2, 3, 5, 6]),
        (Partners::Anywhere, 4, &[1]),
    ];
    for (way, index, expected) in cases {
        let counts = partners(&paired(&groups, way).unwrap(), index, 6000);
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), expected, "{way:?} of {index}");
        let even = 6000.0 / expected.len() as f64;
        // Six standard deviations of a count.
        let most = 6.0 * even.sqrt();
        assert!(counts.values().all(|&count| (count as f64 - even).abs() < most), "{way:?}: {counts:?}");
    }
}

#[test]
fn an_image_without_another_in_reach_is_its_own_partner() {
    let groups = [0, 0, 3];
    assert_eq!(partners(&paired(&groups, Partners::Anywhere).unwrap(), 2, 50), [(2, 50)].into());
    assert_eq!(partners(&paired(&groups, Partners::Within(0)).unwrap(), 0, 50), [(0, 50)].into());
    assert_eq!(partners(&paired(&groups, Partners::Itself).unwrap(), 0, 50), [(0, 50)].into());
}

#[test]
fn images_without_groups_and_images_of_one_group_are_refused() {
    let said = paired(&[4, 9, 2], Partners::Anywhere).unwrap_err();
    let expected = "data.pairs: expected images in groups, such as a CSV file with a column group or data.name = \
                    \"frames\"; each of the 3 images is a group of its own";
    assert_eq!(said, expected);
    let said = paired(&[4, 4, 4], Partners::Within(2)).unwrap().require_groups().unwrap_err().to_string();
    assert!(paired(&[4, 4, 9], Partners::Within(2)).unwrap().require_groups().is_ok());
    assert!(
        said.starts_with(
            "data.pairs: all 3 images are of one group, so that nothing is left to tell apart; "
        )
    );
    for groups in [[4, 9, 2], [4, 4, 4]] {
        assert!(paired(&groups, Partners::Itself).is_ok(), "itself asks nothing of the groups");
    }
}

#[test]
fn all_else_is_that_of_the_data_set() {
    let images = paired(&[1, 1, 0], Partners::Anywhere).unwrap();
    assert_eq!((images.len(), images.size(2).unwrap(), images.group(1)), (3, (1, 1), 1));
    assert_eq!((images.labels(), images.label(2), images.class_names().len()), (vec![1, 1, 0], 0, 0));
    assert_eq!((images.name(2).as_deref(), images.path(2)), (Some("2.png"), None));
    assert_eq!(images.image_at_least(2, 1, &mut Vec::new()).unwrap().pixels, [2; 3]);
}

#[test]
fn a_subset_of_pairs_and_pairs_of_a_subset_stay_within_their_images() {
    let groups = [0, 0, 0, 1, 1, 2, 2, 2];
    let chosen = vec![0, 2, 5, 6, 7];
    let subset = Subset::of(Arc::new(paired(&groups, Partners::Anywhere).unwrap()), chosen.clone());
    // Image 1 is outside: whoever draws it stays with itself.
    assert_eq!(partners(&subset, 0, 200).into_keys().collect::<Vec<_>>(), [0, 1]);
    assert_eq!(partners(&subset, 3, 200).into_keys().collect::<Vec<_>>(), [2, 4]);
    let base: Arc<dyn Labelled> = Arc::new(Grouped(groups.to_vec()));
    let pairs = Paired::new(Arc::new(Subset::of(base, chosen)), Partners::Anywhere).unwrap();
    assert_eq!(partners(&pairs, 0, 200), [(1, 200)].into());
    assert_eq!(partners(&pairs, 4, 200).into_keys().collect::<Vec<_>>(), [2, 3]);
    assert_eq!((pairs.alone(), pairs.labels()), (0, vec![0, 0, 2, 2, 2]));
}

#[test]
fn later_views_are_of_the_partner() {
    let base: Arc<dyn Dataset> = Arc::new(Grouped(vec![3, 3, 4, 4, 5]));
    let images = Paired::new(base, Partners::Within(1)).unwrap();
    let mut out = vec![0; 3 * 5 * 3];
    let plans = vec![ViewPlan::evaluation((1, 1)); 3];
    fill_views(&images, &plans, 1, 0, &[0, 1, 2, 3, 4], &mut out).unwrap();
    let reds: Vec<u8> = out.iter().step_by(3).copied().collect();
    assert_eq!(reds, [0, 1, 2, 3, 4, 1, 0, 3, 2, 4, 1, 0, 3, 2, 4]);
}

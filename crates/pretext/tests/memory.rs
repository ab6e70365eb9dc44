//! What choosing a set takes, in a process of its own: other tests would count along.
#![cfg(target_os = "linux")]

use kontrast_pretext::Grid;
use kontrast_pretext::permutations::{Choice, PermutationSet};
use std::time::Instant;

/// A line of `/proc/self/status`, in bytes.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1024
}

#[test]
fn a_thousand_permutations_of_nine_tiles_take_less_than_fifty_megabytes() {
    let before = memory("VmHWM");
    let started = Instant::now();
    let set = PermutationSet::choose(Grid::square(3).unwrap(), Choice::Greedy, Some(1000), 0).unwrap();
    let (took, grown) = (started.elapsed(), memory("VmHWM") - before);
    println!("{} permutations: {took:.2?}, {:.1} MB", set.permutations().len(), grown as f64 / 1e6);
    // What is kept of the 362,880 is far below a matrix of their distances.
    assert!(grown < 50_000_000, "{grown} bytes");
}

//! How a learning rate follows the batch: linear, or by the square root.

/// `base * batch / per` (Goyal et al. 2017, arXiv 1706.02677; SimCLR's default has base 0.3 per 256).
pub fn linear_scaling(base: f64, batch: usize, per: usize) -> f64 {
    base * batch as f64 / per as f64
}

/// `base * sqrt(batch / per)` (SimCLR, arXiv 2002.05709, table B.1, writes it as 0.075 sqrt(batch): per = 1).
pub fn square_root_scaling(base: f64, batch: usize, per: usize) -> f64 {
    base * (batch as f64 / per as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_two_rules_meet_near_a_batch_of_4096() {
        assert_eq!(linear_scaling(0.3, 4096, 256), 4.8);
        assert_eq!(square_root_scaling(0.075, 4096, 1), 4.8);
        assert_eq!(linear_scaling(0.03, 512, 256), 0.06);
    }
}

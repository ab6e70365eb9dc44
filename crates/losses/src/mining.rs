//! Which negatives a margin or logistic loss is computed on.

use tch::Tensor;

/// Which negatives an anchor is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mining {
    /// All of them.
    None,
    /// The one nearest to the anchor among those that are farther than its positive (FaceNet, Schroff et al. 2015,
    /// arXiv 1503.03832, eq. 4). An anchor without any has no term.
    SemiHard,
    /// The one nearest to the anchor (Hermans et al. 2017, arXiv 1703.07737, eq. 5).
    BatchHard,
}

/// One negative a row, where a row has one.
pub(crate) struct Mined {
    /// `[n, 1]`, its score; minus infinity where there is none.
    pub score: Tensor,
    /// `[n, 1]`, i64, its column.
    pub column: Tensor,
}

impl Mining {
    /// The negative of each row; none where all of them count.
    ///
    /// # Shapes
    /// - `scores`: `[n, m]`, the higher, the nearer; minus infinity where a column is no negative
    /// - `positive`: `[n, 1]`, the score of each row's positive
    pub(crate) fn mined(self, scores: &Tensor, positive: &Tensor) -> Option<Mined> {
        let (score, column) = match self {
            Self::None => return None,
            Self::SemiHard => {
                scores.masked_fill(&scores.ge_tensor(positive), f64::NEG_INFINITY).max_dim(1, true)
            }
            Self::BatchHard => scores.max_dim(1, true),
        };
        Some(Mined { score, column })
    }
}

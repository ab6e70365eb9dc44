//! A feature bank: representations of labelled images, from Kontrast or from elsewhere.

use crate::{EvalError, FitSplit, split};
use kontrast_embeddings::Table;
use ndarray::Array2;
use tch::{Device, Kind, Tensor};

/// Features with the class of each row. What is in one was checked once.
#[derive(Debug)]
pub struct FeatureBank {
    features: Tensor,
    labels: Tensor,
    classes: i64,
    /// The group of each row, where rows share one.
    groups: Option<Vec<u64>>,
}

impl FeatureBank {
    /// Features computed elsewhere.
    ///
    /// # Shapes
    /// - `features`: `[n, d]`, any float kind; stored as fp32
    /// - `labels`: `[n]`, any integer kind, from 0 to `classes - 1`
    ///
    /// # Errors
    /// Where there are no rows, a row holds a value that is not finite, labels are not one whole number a row, or one is no
    /// class.
    pub fn new(features: &Tensor, labels: &Tensor, classes: usize) -> Result<Self, EvalError> {
        require_shapes(features, labels)?;
        let broken = broken_rows(features);
        if broken > 0 {
            return Err(EvalError::Features {
                expected: "finite features".to_owned(),
                found: format!("{broken} of {} rows with values that are not", features.size()[0]),
                hint: "mend what computed them, or leave these rows and their labels out",
            });
        }
        let (least, most) = (labels.min().int64_value(&[]), labels.max().int64_value(&[]));
        if least < 0 || most >= classes as i64 {
            return Err(EvalError::Features {
                expected: format!("labels from 0 to {} for {classes} classes", classes as i64 - 1),
                found: format!("labels from {least} to {most}"),
                hint: "number the classes from 0 on, and say how many there are",
            });
        }
        let features = features.detach().to_kind(Kind::Float);
        let labels = labels.to_device(features.device()).to_kind(Kind::Int64);
        Ok(Self::of_checked(features, labels, classes))
    }

    /// Says which rows belong together, such as frames of one video: they are never divided by [`FeatureBank::split`].
    ///
    /// # Shapes
    /// - `groups`: `[n]`, rows of the same number belong together
    ///
    /// # Errors
    /// Where there are not as many numbers as rows.
    pub fn with_groups(self, groups: Vec<u64>) -> Result<Self, EvalError> {
        if groups.len() as i64 == self.rows() {
            return Ok(Self { groups: Some(groups), ..self });
        }
        Err(EvalError::Features {
            expected: format!("groups of {} rows", self.rows()),
            found: format!("groups of {}", groups.len()),
            hint: "give each row of features the number of its group",
        })
    }

    /// Features that an encoder has just made of images whose labels are in range.
    pub(crate) fn of_checked(features: Tensor, labels: Tensor, classes: usize) -> Self {
        Self { features, labels, classes: classes as i64, groups: None }
    }

    /// `[n, d]`, fp32.
    pub fn features(&self) -> &Tensor {
        &self.features
    }

    /// `[n]`, class indices, i64.
    pub fn labels(&self) -> &Tensor {
        &self.labels
    }

    /// The group of each row; none where each row is a group of its own, as far as is known.
    pub fn groups(&self) -> Option<&[u64]> {
        self.groups.as_deref()
    }

    /// How many classes there are, whether or not each has rows.
    pub fn classes(&self) -> i64 {
        self.classes
    }

    /// How many rows there are.
    pub fn rows(&self) -> i64 {
        self.features.size()[0]
    }

    /// Values of a row.
    pub fn width(&self) -> i64 {
        self.features.size()[1]
    }

    /// The rows at these positions.
    ///
    /// # Shapes
    /// - `positions`: `[m]`, on any device
    #[must_use]
    pub fn part(&self, positions: &Tensor) -> Self {
        let groups = self.groups.as_ref().map(|groups| {
            crate::split::positions(positions).into_iter().map(|position| groups[position as usize]).collect()
        });
        let positions = positions.to_device(self.features.device());
        Self {
            features: self.features.index_select(0, &positions),
            labels: self.labels.index_select(0, &positions),
            classes: self.classes,
            groups,
        }
    }

    /// A split of the rows, by which settings are chosen: groups stay whole.
    ///
    /// # Errors
    /// As [`split`](crate::split()).
    pub fn split(&self, fraction: f64, seed: u64) -> Result<FitSplit, EvalError> {
        split(&self.labels_on_cpu(), self.groups(), fraction, seed)
    }

    /// The rows as a table, for what needs no libtorch.
    pub(crate) fn table(&self) -> Table {
        let (rows, width) = (self.rows() as usize, self.width() as usize);
        let values = self.features.to_device(Device::Cpu).contiguous().flatten(0, -1);
        let values = Vec::<f32>::try_from(values).expect("features are fp32");
        let values =
            Array2::from_shape_vec((rows, width), values).expect("as many values as rows and columns have");
        Table::new(values).expect("a bank has rows of finite values")
    }

    /// The labels as numbers on the CPU.
    pub fn labels_on_cpu(&self) -> Vec<i64> {
        Vec::try_from(self.labels.to_device(Device::Cpu)).expect("labels are one row of whole numbers")
    }
}

fn require_shapes(features: &Tensor, labels: &Tensor) -> Result<(), EvalError> {
    let words = |tensor: &Tensor| format!("{:?} of {:?}", tensor.kind(), tensor.size());
    let whole = matches!(labels.kind(), Kind::Uint8 | Kind::Int8 | Kind::Int16 | Kind::Int | Kind::Int64);
    let fitting = match (&features.size()[..], &labels.size()[..]) {
        (&[rows, width], &[count]) => rows == count && rows > 0 && width > 0,
        _ => false,
    };
    if fitting && whole && features.is_floating_point() {
        return Ok(());
    }
    Err(EvalError::Features {
        expected: "features [n, d] of a float kind and labels [n] of an integer kind, with at least one row"
            .to_owned(),
        found: format!("features {} and labels {}", words(features), words(labels)),
        hint: "give each row of features the number of its class",
    })
}

/// How many rows hold a value that is not finite.
///
/// # Shapes
/// - `features`: `[n, d]`
pub(crate) fn broken_rows(features: &Tensor) -> usize {
    features.isfinite().all_dim(1, false).logical_not().sum(Kind::Int64).int64_value(&[]) as usize
}

//! How far a run has come, or how it ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How far a run has come, or how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// At work; or, where no process holds the directory, killed at work.
    #[default]
    Running,
    /// Stopped by a person, with a checkpoint.
    Interrupted,
    /// Trained and evaluated.
    Finished,
    /// Stopped by an error.
    Failed,
    /// The loss is no number, or grew far above where it began.
    Diverged,
    /// All embeddings fell together.
    Collapsed,
}

impl Status {
    /// The exit code of the process: 0 done, 1 failed or not at its end, 3 diverged or collapsed,
    /// 130 interrupted. (2 is for wrong files and arguments, which no run comes from.)
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Finished => 0,
            Self::Running | Self::Failed => 1,
            Self::Diverged | Self::Collapsed => 3,
            Self::Interrupted => 130,
        }
    }

    /// Whether nothing more is to be done: neither `--resume` nor another start changes it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Finished | Self::Diverged | Self::Collapsed)
    }

    /// The word that `summary.json` has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Diverged => "diverged",
            Self::Collapsed => "collapsed",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_the_promised_ones() {
        let all = [
            (Status::Running, "running", 1),
            (Status::Interrupted, "interrupted", 130),
            (Status::Finished, "finished", 0),
            (Status::Failed, "failed", 1),
            (Status::Diverged, "diverged", 3),
            (Status::Collapsed, "collapsed", 3),
        ];
        for (status, word, code) in all {
            assert_eq!((status.as_str(), status.exit_code()), (word, code));
            assert_eq!(serde_json::to_value(status).unwrap(), word);
        }
    }
}

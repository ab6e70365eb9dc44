//! The mining of negatives that a file asks for.

use kontrast_config as config;
use kontrast_losses::Mining;

pub(crate) fn mining(config: config::Mining) -> Mining {
    match config {
        config::Mining::None => Mining::None,
        config::Mining::SemiHard => Mining::SemiHard,
        config::Mining::BatchHard => Mining::BatchHard,
    }
}

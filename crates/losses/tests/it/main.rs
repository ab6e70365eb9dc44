//! Losses against fp64 references and their own invariants.

mod agreement;
mod alignment;
mod barlow_twins;
mod cpc;
mod dcl;
mod dino;
mod foreign;
mod groups;
mod info_nce;
mod inputs;
mod lidar;
mod margin_contrastive;
mod masked_mse;
mod multi_scale_nce;
mod n_pair;
mod nce;
mod negative_cosine;
mod nt_logistic;
mod nt_xent;
mod sup_con;
mod swav;
mod temperature;
mod triplet;
mod triplet_labelled;
mod uniform;
mod vicreg;

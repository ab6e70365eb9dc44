//! Protocols by the key of `[eval]` that asks for each, with the settings that they usually have.

use super::{Eval, LayerProbes};

/// A protocol that a command can be asked for by name.
#[derive(Clone, Copy, Debug)]
pub struct ProtocolInfo {
    /// Its key in `[eval]`.
    pub key: &'static str,
    /// The value of the key where a file has none, as TOML: published settings, where there are such.
    pub usual: &'static str,
}

/// All protocols.
pub const PROTOCOLS: [ProtocolInfo; 16] = [
    ProtocolInfo { key: "knn", usual: "true" },
    ProtocolInfo { key: "knn_dinov2", usual: "[10, 20, 100, 200]" },
    ProtocolInfo {
        key: "linear",
        usual: "{epochs=50, batch=256, lrs=[0.01, 0.03, 0.1, 0.3], weight_decays=[0.0, 1e-4]}",
    },
    ProtocolInfo {
        key: "linear_adam",
        usual: "{epochs=500, batch=1000, lr=0.01, last_lr=1e-6, weight_decay=5e-6}",
    },
    ProtocolInfo {
        key: "linear_views",
        usual: "{epochs=10, batch=256, lrs=[0.3, 1.0, 3.0, 10.0, 30.0], weight_decay=0.0, least_area=0.08}",
    },
    ProtocolInfo {
        key: "logistic",
        usual: "{values=45, least_c=1e-6, most_c=1e5, iterations=1000, tolerance=1e-4}",
    },
    ProtocolInfo { key: "mlp", usual: "{widths=[512], epochs=30, batch=256, lr=1e-3, weight_decay=1e-2}" },
    ProtocolInfo { key: "few_shot", usual: "{shots=[1, 5, 10], draws=10, temperature=0.07}" },
    ProtocolInfo { key: "layers", usual: LayerProbes::EXAMPLE },
    ProtocolInfo {
        key: "head",
        usual: "{train=4000, test=2000, noise=0.1, widths=[512], epochs=20, batch=256, lr=1e-3, weight_decay=1e-2}",
    },
    ProtocolInfo { key: "clustering", usual: "{runs=5, starts=3}" },
    ProtocolInfo { key: "retrieval", usual: "{ks=[1, 5, 10]}" },
    ProtocolInfo { key: "anomaly", usual: "{k=2, gamma=10.0}" },
    ProtocolInfo { key: "zero_shot", usual: r#"{prompts=["a photo of a {}."]}"# },
    ProtocolInfo { key: "captions", usual: "{ks=[1, 5, 10]}" },
    ProtocolInfo {
        key: "fine_tuning",
        usual: "{percents=[1, 10], draws=5, steps=[200, 500], batch=64, lrs=[0.05], weight_decay=1e-4, least_area=0.2}",
    },
];

impl Eval {
    /// The same with the protocols of these keys alone.
    #[must_use]
    pub fn only(self, keys: &[&str]) -> Self {
        let mut table = toml::Table::try_from(&self).expect("what was read from a table is one");
        for (key, _) in self.asked().filter(|(key, _)| !keys.contains(key)) {
            table.remove(key);
        }
        table.entry("knn").or_insert(false.into());
        table.try_into().expect("a table with fewer protocols is one")
    }

    /// These protocols with their usual settings, chosen on a tenth of the training images.
    ///
    /// # Panics
    /// Where one of the keys is none of [`PROTOCOLS`].
    pub fn usual(keys: &[&str]) -> Self {
        let usual = |key: &&str| {
            let info = PROTOCOLS.iter().find(|info| info.key == *key).expect("a known protocol");
            format!("{key} = {}\n", info.usual)
        };
        let knn = if keys.contains(&"knn") { "" } else { "knn = false\n" };
        let tables: String = keys.iter().map(usual).collect();
        toml::from_str(&format!("{knn}online_every = 0\nvalidation = 0.1\n{tables}"))
            .expect("usual settings are whole tables")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_protocol_has_usual_settings_and_can_be_the_only_one() {
        let keys = PROTOCOLS.map(|info| info.key);
        assert_eq!(keys, Eval::usual(&[]).specs().map(|(key, _)| key));
        let all = Eval::usual(&keys);
        for key in keys {
            assert!(all.asks_for(key), "{key}");
            assert_eq!(all.clone().only(&[key]), Eval::usual(&[key]));
            let others = keys.into_iter().filter(|&other| other != key);
            assert!(others.clone().all(|other| !Eval::usual(&[key]).asks_for(other)), "{key}");
        }
        assert!(!all.asks_for("validation"));
    }
}

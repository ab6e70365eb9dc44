//! What a run reads of texts: its tokenizer, and what is said of each image.

use crate::Refusal;
use crate::host::Host;
use crate::tokenizer::{self, Tokenizer};
use kontrast_config::{self as config, Experiment, KnownFile, TextEncoder, sha256};
use kontrast_data::{Dataset, Labelled, Subset, caption_groups};
use kontrast_eval::{TextSide, Tokenize};
use kontrast_losses::Others;
use kontrast_methods::{ImageGroups, Progress, TextSetting};
use kontrast_models::{BertSpec, TextActivation, TextPooling, TextSpec, TextTransformerSpec, read_tensors};
use kontrast_rng::KeyedRng;
use kontrast_runlog::human::counted;
use kontrast_text::Prompt;
use kontrast_torch_ext::{StateDict, Texts};
use kontrast_training::TextSource;
use std::collections::HashMap;
use std::sync::Arc;

/// The texts of the images that a run trains on.
pub(crate) struct RunTexts {
    tokenizer: Tokenizer,
    /// The same as a `tokenizer.json`.
    json: String,
    length: usize,
    unseen: Vec<String>,
    said: Arc<Said>,
    /// Images whose texts say the same have one number.
    groups: Vec<u64>,
}

/// Each text once as ids, and which of them belong to each image.
struct Said {
    ids: Vec<Vec<i64>>,
    of_image: Vec<Vec<u32>>,
}

/// Where the training images stand among those of a data set, but for the images of classes that are not trained on; none where all are
/// trained on.
///
/// # Errors
/// Where one of these is no class of the images, or no image is left.
pub(crate) fn seen(
    experiment: &Experiment,
    labelled: Option<&dyn Labelled>,
) -> Result<Option<Vec<u32>>, Refusal> {
    let unseen = experiment.texts.as_ref().map_or(&[][..], |texts| &texts.unseen);
    if unseen.is_empty() {
        return Ok(None);
    }
    let Some(images) = labelled else {
        let text =
            "texts.unseen: the training images have no classes; leave it out, or give them a column label";
        return Err(Refusal(text.to_owned()));
    };
    let names = images.class_names();
    if let Some(unknown) = unseen.iter().find(|name| !names.contains(name)) {
        let text = format!(
            "texts.unseen = {unknown:?}: expected a class of the images, one of {}",
            names.join(", ")
        );
        return Err(Refusal(text));
    }
    let is_seen = |&image: &u32| !unseen.contains(&names[images.label(image as usize) as usize]);
    let places: Vec<u32> = (0..images.len() as u32).filter(is_seen).collect();
    if places.is_empty() {
        return Err(Refusal("texts.unseen names every class: expected one that is trained on".to_owned()));
    }
    Ok(Some(places))
}

impl RunTexts {
    /// What an experiment says of these images, which bear these classes; none where it reads no texts.
    ///
    /// # Errors
    /// Where an image has neither a caption nor a class with prompts, or there is no such tokenizer.
    pub(crate) fn open(
        experiment: &Experiment,
        images: &dyn Dataset,
        class_of: Option<&dyn Fn(usize) -> String>,
        host: &dyn Host,
    ) -> anyhow::Result<Option<Self>> {
        let Some(texts) = &experiment.texts else { return Ok(None) };
        let by_image = captions(texts, images, class_of)?;
        let mut places = HashMap::new();
        let mut distinct: Vec<&str> = Vec::new();
        for caption in by_image.iter().flatten() {
            places.entry(caption.as_str()).or_insert_with(|| {
                distinct.push(caption);
                distinct.len() as u32 - 1
            });
        }
        let tokenizer = tokenizer(&texts.tokenizer, &distinct, texts.length)?;
        let (mut ids, mut cut) = (Vec::with_capacity(distinct.len()), 0);
        for text in &distinct {
            let encoded = tokenizer.encode(text)?;
            cut += u64::from(encoded.cut);
            ids.push(encoded.ids.into_iter().map(i64::from).collect());
        }
        if cut > 0 {
            host.note(&format_args!(
                "note: texts.length = {}: {} of {} cut at that length",
                texts.length,
                counted(cut, "text"),
                distinct.len()
            ));
        }
        let of_image =
            by_image.iter().map(|own| own.iter().map(|text| places[text.as_str()]).collect()).collect();
        let groups =
            if images.captions(0).is_empty() { of_classes(&by_image) } else { caption_groups(images) };
        Ok(Some(Self {
            json: tokenizer.to_json()?,
            tokenizer,
            length: texts.length,
            unseen: texts.unseen.clone(),
            said: Arc::new(Said { ids, of_image }),
            groups,
        }))
    }

    /// The text encoder that an experiment asks for.
    ///
    /// # Errors
    /// Where the file of its weights cannot be read, or holds none of this architecture.
    pub(crate) fn setting(&self, encoder: &TextEncoder) -> anyhow::Result<TextSetting> {
        let weights = encoder.weights().map(weights).transpose()?;
        let vocabulary = self.tokenizer.vocabulary() as i64;
        let spec = match encoder {
            TextEncoder::Transformer(own) => TextSpec::Transformer(TextTransformerSpec {
                vocabulary,
                length: self.length as i64,
                width: i64::from(own.width),
                depth: i64::from(own.depth),
                heads: i64::from(own.heads),
                // The method's, which ends it in the space that images share.
                output: 1,
                activation: match own.activation {
                    config::TextActivation::Gelu => TextActivation::Gelu,
                    config::TextActivation::QuickGelu => TextActivation::QuickGelu,
                },
            }),
            TextEncoder::Bert(own) => TextSpec::Bert(self.bert(own, weights.as_ref(), vocabulary)?),
        };
        Ok(TextSetting { spec, weights, frozen: encoder.is_frozen() })
    }

    fn bert(
        &self,
        own: &config::Bert,
        weights: Option<&StateDict>,
        vocabulary: i64,
    ) -> Result<BertSpec, Refusal> {
        let file = own.weights.file.display();
        let refused = |why: String| Refusal(format!("text_encoder.bert.weights = {file}: {why}"));
        let found = weights.and_then(BertSpec::of_weights).ok_or_else(|| {
            refused("expected a BERT under transformers' names, such as embeddings.word_embeddings.weight, found none".to_owned())
        })?;
        if found.width % i64::from(own.heads) != 0 {
            return Err(Refusal(format!(
                "text_encoder.bert.heads = {}: expected a divisor of {}, the width of {file}",
                own.heads, found.width
            )));
        }
        if self.length as i64 > found.length {
            return Err(Refusal(format!(
                "texts.length = {}: expected at most {}, the places that {file} has; lower it",
                self.length, found.length
            )));
        }
        if vocabulary > found.vocabulary {
            return Err(refused(format!(
                "it knows {} tokens, and the tokenizer has {vocabulary}; take the tokenizer.json that came with the weights",
                found.vocabulary
            )));
        }
        let pooling = match own.pooling {
            config::TextPooling::Mean => TextPooling::Mean,
            config::TextPooling::First => TextPooling::First,
        };
        Ok(BertSpec { heads: i64::from(own.heads), pooling, ..found })
    }

    /// The images of one text are not each other's negatives.
    pub(crate) fn groups(&self) -> ImageGroups {
        ImageGroups::new(&self.groups, Others::Ignored)
    }

    /// Where a training has its texts from.
    pub(crate) fn source(&self, seed: u64) -> Box<dyn TextSource> {
        let tokenizer = (self.json.clone(), self.length);
        Box::new(Drawn { said: Arc::clone(&self.said), tokenizer, seed })
    }

    /// What evaluation needs of it.
    pub(crate) fn side(&self) -> TextSide<'_> {
        TextSide { tokenizer: self, unseen: &self.unseen }
    }
}

impl Tokenize for RunTexts {
    fn ids(&self, text: &str) -> Result<Vec<i64>, String> {
        ids(&self.tokenizer, text)
    }
}

/// The ids of a text.
pub(crate) fn ids(tokenizer: &Tokenizer, text: &str) -> Result<Vec<i64>, String> {
    let encoded = tokenizer.encode(text).map_err(|error| error.to_string())?;
    Ok(encoded.ids.into_iter().map(i64::from).collect())
}

/// Of several texts of an image each epoch draws one.
struct Drawn {
    said: Arc<Said>,
    tokenizer: (String, usize),
    seed: u64,
}

impl TextSource for Drawn {
    fn texts(&self, indices: &[u32], progress: Progress) -> Vec<Texts> {
        let ids = |&image: &u32| {
            let own = &self.said.of_image[image as usize];
            let mut stream = KeyedRng::named(*b"captions", self.seed, progress.epoch, u64::from(image));
            self.said.ids[own[stream.below(own.len())] as usize].clone()
        };
        vec![Texts::padded(&indices.iter().map(ids).collect::<Vec<_>>(), 0)]
    }

    fn tokenizer(&self) -> Option<(&str, usize)> {
        Some((&self.tokenizer.0, self.tokenizer.1))
    }
}

/// What is said of each image: its captions, else prompts about its class.
fn captions(
    texts: &config::Texts,
    images: &dyn Dataset,
    class_of: Option<&dyn Fn(usize) -> String>,
) -> Result<Vec<Vec<String>>, Refusal> {
    let prompts = texts.prompts.iter().map(|prompt| Prompt::new(prompt)).collect::<Result<Vec<_>, _>>();
    let prompts = prompts.map_err(|error| Refusal(format!("texts.prompts: {error}")))?;
    let of_image = |image: usize| {
        let own = images.captions(image);
        if !own.is_empty() {
            return Ok(own.to_vec());
        }
        let Some(class_of) = class_of.filter(|_| !prompts.is_empty()) else {
            let named = images.name(image).unwrap_or_else(|| format!("training image {image}"));
            return Err(Refusal(format!(
                "texts: {named} has no caption: give the file of data.name = \"csv\" a column caption, or say with texts.prompts \
                 what is to be said of an image by its class"
            )));
        };
        let class = class_of(image);
        Ok(prompts.iter().map(|prompt| prompt.of(&class)).collect())
    };
    (0..images.len()).map(of_image).collect()
}

/// Images of one class have the same prompts.
fn of_classes(by_image: &[Vec<String>]) -> Vec<u64> {
    let mut known: HashMap<&[String], u64> = HashMap::new();
    let mut numbers = Vec::with_capacity(by_image.len());
    for texts in by_image {
        let next = known.len() as u64;
        numbers.push(*known.entry(texts).or_insert(next));
    }
    numbers
}

fn tokenizer(asked: &config::Tokenizer, texts: &[&str], length: usize) -> Result<Tokenizer, Refusal> {
    match (&asked.file, asked.vocabulary) {
        (Some(file), _) => {
            let known = KnownFile { file: file.clone(), sha256: asked.sha256.clone() };
            require_same("texts.tokenizer", &known)?;
            tokenizer::open(file, length)
        }
        (None, vocabulary) => tokenizer::train(texts, vocabulary.unwrap_or(0), length),
    }
}

fn weights(known: &KnownFile) -> anyhow::Result<StateDict> {
    require_same("text_encoder weights", known)?;
    Ok(read_tensors(&known.file).map_err(|error| Refusal(error.to_string()))?)
}

/// Refuses a file that is another than the one that the experiment was loaded with.
fn require_same(key: &str, known: &KnownFile) -> Result<(), Refusal> {
    let refused = |why: String| Refusal(format!("{key} = {}: {why}", known.file.display()));
    let found = sha256(&known.file)
        .map_err(|error| refused(format!("cannot be read: {error}; put the file back, or name another")))?;
    match &known.sha256 {
        Some(expected) if *expected != found => Err(refused(format!(
            "expected the file with the SHA-256 {expected:.12}..., found {found:.12}...; put that file back, or leave out sha256"
        ))),
        _ => Ok(()),
    }
}

/// Some of the images.
pub(crate) fn chosen(images: Arc<dyn Dataset>, places: &[u32]) -> Arc<dyn Dataset> {
    Arc::new(Subset::of(images, places.to_vec()))
}

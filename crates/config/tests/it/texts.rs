//! `[texts]`, `[text_encoder]` and the method that reads texts, out of range.

use crate::methods::refusal;

#[test]
fn each_value_of_texts_out_of_range_names_its_key() {
    let known = "0".repeat(64);
    let of_file = format!("texts.tokenizer={{ file = \"t.json\", sha256 = \"{known}\", vocabulary = 300 }}");
    for (change, expected) in [
        ("method.clip.dimension=0", "method.clip.dimension = 0: expected at least 1 value"),
        ("method.clip.temperature=0.001", "method.clip.temperature = 0.001: expected 0.01 or above"),
        ("texts.length=2", "texts.length = 2: expected at least 3, both ends and one between them"),
        ("texts.tokenizer={ vocabulary = 100 }", "texts.tokenizer.vocabulary = 100: expected at least 258"),
        ("texts.tokenizer=3", "expected a file, or a table such as { vocabulary = 2000 }"),
        (
            "texts.tokenizer=absent.json",
            "texts.tokenizer = \"absent.json\": expected a file of a tokenizer that can be read",
        ),
        (&*of_file, "texts.tokenizer.file = \"t.json\": expected no such key beside a vocabulary"),
        ("texts.prompts=[\"a photo\"]", "texts.prompts[0] = \"a photo\": expected {} once"),
        ("texts.prompts=[\"{} or {}\"]", "texts.prompts[0] = \"{} or {}\": expected {} once"),
        (
            "texts.unseen=[\"cat\", \"cat\"]",
            "texts.unseen[1] = \"cat\": expected the name of a class, each once",
        ),
        ("text_encoder.transformer.heads=0", "text_encoder.transformer.heads = 0: expected at least 1 head"),
        ("text_encoder.transformer.width=33", "expected a multiple of text_encoder.transformer.heads = 4"),
        ("text_encoder.transformer.depth=0", "expected at least 1 block"),
        ("text_encoder.transformer.weights=absent.pt", "expected a file of weights that can be read"),
        ("eval.zero_shot.prompts=[]", "eval.zero_shot.prompts = []: expected at least one prompt, each once"),
        ("eval.zero_shot.prompts=[\"cat\"]", "eval.zero_shot.prompts[0] = \"cat\": expected {} once"),
        (
            "eval.captions={ ks = [0] }",
            "eval.captions.ks = [0]: expected at least one number, each at least 1 and once",
        ),
    ] {
        let message = refusal("clip", change);
        assert!(message.contains(expected), "{change}: {message}");
    }
}

#[test]
fn texts_belong_to_a_method_that_reads_them() {
    let message = refusal("simclr", "texts={ tokenizer = { vocabulary = 300 }, length = 8 }");
    assert!(message.contains("no such table, since method.simclr reads no texts"), "{message}");
    let transformer = "text_encoder.transformer={ width = 8, depth = 1, heads = 1, activation = \"gelu\" }";
    let message = refusal("simclr", transformer);
    assert!(message.contains("text_encoder = \"transformer\": expected no such table"), "{message}");
    let message = refusal("simclr", "method.clip={ dimension = 8, temperature = 0.07 }");
    assert!(
        message.contains("texts is missing: expected `tokenizer` and `length`, for method.clip"),
        "{message}"
    );
    let message = refusal("joint", "method.joint.tasks[0].method.clip={ dimension = 8, temperature = 0.07 }");
    assert!(message.contains("texts belong to a whole training"), "{message}");
}

//! A child that trains one experiment after another, and says how each ended.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use kontrast_runlog::TrainingCost;
use kontrast_runlog::answers::{EXIT_CODE, TRAINING_COST};

use crate::family::{Family, INTERRUPTED, code};
use crate::say;

/// How often the interrupt flag is checked.
const LOOK: Duration = Duration::from_millis(50);

/// The child; another takes its place where a run takes it down.
#[derive(Debug)]
pub struct Worker<'f> {
    family: &'f Family,
    command: Command,
    /// What it says, where that is not for the terminal.
    log: Option<File>,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Ends with xtask, which ends the run.
    input: Option<ChildStdin>,
    answers: Receiver<Answer>,
    /// Hands on what the child says.
    speaker: JoinHandle<()>,
}

/// What the child answers.
#[derive(Debug)]
enum Answer {
    Code(u8),
    Cost(TrainingCost),
}

impl<'f> Worker<'f> {
    /// Nothing is started before the first run.
    pub fn new(family: &'f Family, command: Command, log: Option<File>) -> Self {
        Self { family, command, log, running: None }
    }

    /// Has the child do what these words ask for; returns the exit code. A child that dies at it failed.
    pub fn run(&mut self, words: &[String]) -> Result<u8> {
        self.ask(words).map(|(code, _)| code)
    }

    /// Has the child measure what the training of these words costs; none where it cannot.
    pub fn measure(&mut self, words: &[String]) -> Result<Option<TrainingCost>> {
        self.ask(&[words, &["--measure".to_owned()]].concat()).map(|(_, cost)| cost)
    }

    fn ask(&mut self, words: &[String]) -> Result<(u8, Option<TrainingCost>)> {
        let mut cost = None;
        let mut running = match self.running.take() {
            Some(running) => running,
            None => self.start()?,
        };
        let line = serde_json::to_string(words)?;
        // One that died since says so below.
        let _ = running.input.as_mut().map(|input| writeln!(input, "{line}"));
        loop {
            match running.answers.recv_timeout(LOOK) {
                Ok(Answer::Cost(found)) => cost = Some(found),
                // It was interrupted itself, and ends.
                Ok(Answer::Code(INTERRUPTED)) => {
                    running.end();
                    return Ok((INTERRUPTED, None));
                }
                Ok(Answer::Code(code)) => {
                    self.running = Some(running);
                    return Ok((code, cost));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    drop(running.input.take());
                    return Ok((code(running.child.wait()?).max(1), None));
                }
                // A signal that reached xtask alone reaches the child through the pipe.
                Err(RecvTimeoutError::Timeout) if self.family.is_interrupted() => drop(running.input.take()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn start(&mut self) -> Result<Running> {
        let command = self.command.stdin(Stdio::piped()).stdout(Stdio::piped());
        if let Some(log) = &self.log {
            command.stderr(log.try_clone()?);
        }
        let child = command.spawn();
        let mut child =
            child.with_context(|| format!("{} does not start", command.get_program().display()))?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let mut log = self.log.as_ref().map(File::try_clone).transpose()?;
        let (sender, answers) = channel();
        let lines = BufReader::new(output.context("the child has no output")?).split(b'\n');
        let speaker = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                let (said, answer) = answer(&line);
                match &mut log {
                    _ if said.is_empty() && answer.is_some() => {}
                    Some(log) => drop(writeln!(log, "{said}")),
                    None => say::out(said),
                }
                let _ = answer.map(|answer| sender.send(answer));
            }
        });
        Ok(Running { child, input, answers, speaker })
    }
}

/// A line without the answer at its end, and that.
fn answer(line: &str) -> (&str, Option<Answer>) {
    if let Some((said, code)) = line.rsplit_once(EXIT_CODE) {
        return (said, Some(Answer::Code(code.parse().unwrap_or(1))));
    }
    let cost = line.rsplit_once(TRAINING_COST).map(|(said, cost)| (said, serde_json::from_str(cost)));
    match cost {
        Some((said, Ok(cost))) => (said, Some(Answer::Cost(cost))),
        _ => (line, None),
    }
}

impl Running {
    /// A child without input ends.
    fn end(self) {
        let Self { mut child, input, speaker, .. } = self;
        drop(input);
        let _ = (child.wait(), speaker.join());
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let _ = self.running.take().map(Running::end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each line by what it asks for, as the program does.
    const SCRIPT: &str = r#"while read -r line; do
        case $line in
            *die*) kill -9 $$ ;;
            *mumble*) printf '\377\nhalf a line\0364\n' ;;
            *leave*) printf '\036130\n'; exit 0 ;;
            *measure*) printf '\037{"steps":7,"step_seconds":0.5,"peak_memory_bytes":null}\n\0360\n' ;;
            *wait*) read -r line || { echo stopped; printf '\036130\n'; exit 130; } ;;
            *) echo "did $line"; echo heard >&2; printf '\0363\n' ;;
        esac
    done; echo ended"#;

    fn worker<'f>(family: &'f Family, log: &File) -> Worker<'f> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT]);
        Worker::new(family, command, Some(log.try_clone().unwrap()))
    }

    fn words(word: &str) -> [String; 1] {
        [word.to_owned()]
    }

    #[test]
    fn one_child_does_one_after_another_and_another_follows_one_that_died() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (log, family) = (File::create(&path).unwrap(), Family::default());
        let mut worker = worker(&family, &log);
        let codes = ["a", "b", "die", "c"].map(|word| worker.run(&words(word)).unwrap());
        drop(worker);
        assert_eq!(codes, [3, 3, 1, 3]);
        let said = std::fs::read_to_string(path).unwrap();
        for word in ["a", "b", "c"] {
            assert!(said.contains(&format!("did [\"{word}\"]\n")), "{said}");
        }
        // The second ended by itself.
        assert_eq!((said.matches("heard").count(), said.matches("ended").count()), (3, 1), "{said}");
    }

    #[test]
    fn an_answer_is_heard_behind_words_without_a_line_end_and_bytes_that_are_no_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (log, family) = (File::create(&path).unwrap(), Family::default());
        let mut worker = worker(&family, &log);
        assert_eq!(worker.run(&words("mumble")).unwrap(), 4);
        assert_eq!(worker.run(&words("a")).unwrap(), 3, "it is still there");
        drop(worker);
        let said = std::fs::read_to_string(path).unwrap();
        assert!(said.contains("\u{fffd}\nhalf a line\n"), "{said}");
    }

    #[test]
    fn another_follows_one_that_was_interrupted_itself() {
        let (log, family) = (tempfile::tempfile().unwrap(), Family::default());
        let mut worker = worker(&family, &log);
        let codes = ["leave", "a"].map(|word| worker.run(&words(word)).unwrap());
        assert_eq!(codes, [INTERRUPTED, 3]);
    }

    #[test]
    fn what_a_training_costs_comes_with_the_answer() {
        let (log, family) = (tempfile::tempfile().unwrap(), Family::default());
        let mut worker = worker(&family, &log);
        let cost = worker.measure(&words("a")).unwrap().unwrap();
        assert_eq!((cost.steps, cost.seconds()), (7, 3.5));
        assert_eq!(worker.run(&words("a")).unwrap(), 3);
        assert_eq!(worker.measure(&words("die")).unwrap(), None);
    }

    #[test]
    fn an_interruption_ends_the_input_of_the_child() {
        let log = tempfile::tempfile().unwrap();
        let family = Family::of_interrupted();
        let mut worker = worker(&family, &log);
        assert_eq!(worker.run(&words("wait")).unwrap(), crate::family::INTERRUPTED);
    }
}

//! Reads one review and prints what was read.
//!
//! In: a file name. Out: the `deep-review/raw-findings/v1` document on standard output. Never judges.

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "/dev/stdin".to_owned());
    let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
    let reading = reading::read(&text, &reading::Context::default());
    serde_json::to_writer_pretty(std::io::stdout(), &model::RawFindings::from(reading))?;
    Ok(())
}

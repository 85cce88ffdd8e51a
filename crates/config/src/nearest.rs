//! Suggestions for words that do not exist.
//!
//! In: a word and the words there are. Out: the one that was probably meant. Never a guess that is far off.

/// The candidate nearest to `word`, where it is near enough to be a slip: about a third of its letters.
///
/// Ties go to the earlier candidate. Case and the difference between `-` and `_` cost nothing.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normal(word);
    let limit = (wanted.len() / 3).max(1);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let have = normal(candidate);
            (wanted.len().abs_diff(have.len()) <= limit).then(|| (distance(&wanted, &have), candidate))
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Names of configuration keys and commands are short; what is longer is not a slip of one.
const LONGEST: usize = 100;

fn normal(word: &str) -> Vec<char> {
    word.chars().take(LONGEST).flat_map(char::to_lowercase).map(|c| if c == '-' { '_' } else { c }).collect()
}

/// Letters inserted, left out, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 5] = ["quorum", "deadline", "base", "pre_existing", "jobs"];

    #[test]
    fn a_slip_finds_the_word_that_was_meant() {
        for (slip, meant) in [
            ("quorm", "quorum"),
            ("qourum", "quorum"),
            ("Deadline", "deadline"),
            ("pre-existing", "pre_existing"),
            ("bas", "base"),
            ("job", "jobs"),
        ] {
            assert_eq!(nearest(slip, KEYS), Some(meant), "{slip}");
        }
    }

    #[test]
    fn a_word_that_is_far_off_gets_no_suggestion() {
        for word in ["", "x", "colour", "timeout", "aaaaaaaa"] {
            assert_eq!(nearest(word, KEYS), None, "{word}");
        }
    }

    #[test]
    fn the_exact_word_wins_over_a_near_one() {
        assert_eq!(nearest("job", ["jobs", "job"]), Some("job"));
    }
}

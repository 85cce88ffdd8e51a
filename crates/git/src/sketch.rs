//! Which files can hold a text at all, without reading them again.
//!
//! In: the content of files, once. Out: a sketch of each — which groups of three letters occur in it — kept by object name
//! in the git common dir, so that the next search reads only files that may match. Never answers "it is there": a sketch
//! says "cannot be" or "may be", and what may be is read. A lost or damaged file of sketches costs time and nothing else.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use model::Sha;

use crate::kept;

/// Bits of a sketch, 1 KiB. A file of 5 kB has about 1,500 different groups, so a word of ten letters slips through by chance
/// once in a million files; names that differ in one letter from one that is there slip through more often.
const BITS: usize = 8192;
const WORDS: usize = BITS / 64;

/// More sketches than these cost more memory than they save time.
const MOST: usize = 60_000;

const MAGIC: &[u8; 8] = b"sketch2\n";
const FILE: &str = "sketches";
/// Bytes of the largest file of sketches: names have up to 64 letters.
const LARGEST: u64 = (MOST * (1 + 64 + WORDS * 8) + 64) as u64;

/// The groups of letters of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sketch(Box<[u64; WORDS]>);

impl Sketch {
    /// A file that no search looks into.
    pub(crate) fn of_nothing() -> Self {
        Self(Box::new([0; WORDS]))
    }

    /// Looks at a file's content.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut sketch = Self::of_nothing();
        for bit in bytes.windows(3).flat_map(bits) {
            sketch.0[bit / 64] |= 1 << (bit % 64);
        }
        sketch
    }

    fn has(&self, bits: &[usize]) -> bool {
        bits.iter().all(|bit| self.0[bit / 64] & (1 << (bit % 64)) != 0)
    }
}

/// Three bits a group: what is not there then slips through once in twenty times instead of once in six. Upper and lower case
/// are one, so that a search that ignores case can use the same sketches.
fn bits(group: &[u8]) -> [usize; 3] {
    let letters = group.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(byte.to_ascii_lowercase()));
    // Fibonacci hashing: the upper bits of the product are spread best.
    let hash = letters.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    [51, 38, 25].map(|shift| (hash >> shift) as usize % BITS)
}

/// What is looked for, as bits. `None` where some needle is too short to tell anything.
pub(crate) struct Wanted(Option<Vec<Vec<usize>>>);

impl Wanted {
    pub(crate) fn new(needles: &[&str]) -> Self {
        let all = |needle: &&str| {
            let mut all: Vec<usize> = needle.as_bytes().windows(3).flat_map(bits).collect();
            all.sort_unstable();
            all.dedup();
            (!all.is_empty()).then_some(all)
        };
        Self(needles.iter().filter(|needle| !needle.is_empty()).map(all).collect())
    }

    /// True where the file may hold one of the needles.
    pub(crate) fn may_be_in(&self, sketch: &Sketch) -> bool {
        self.0.as_ref().is_none_or(|needles| needles.iter().any(|bits| sketch.has(bits)))
    }
}

/// All sketches that are known.
#[derive(Debug, Default)]
pub(crate) struct Sketches {
    known: HashMap<Sha, Sketch>,
    file: PathBuf,
}

impl Sketches {
    /// Reads what earlier searches kept below `common_dir`.
    pub(crate) fn load(common_dir: &Path) -> Self {
        let file = kept::place(common_dir, FILE);
        let known = kept::read(&file, LARGEST).and_then(|bytes| parse(&bytes)).unwrap_or_default();
        Self { known, file }
    }

    pub(crate) fn get(&self, oid: &Sha) -> Option<&Sketch> {
        self.known.get(oid)
    }

    /// Adds what was read now and keeps everything for the next search. Where not all fit, the files of `tree` stay and others
    /// go: a tree of more files than are kept has some of them read each time, and never all. Where nothing can be written
    /// nothing is kept.
    pub(crate) fn add<'a>(&mut self, new: Vec<(Sha, Sketch)>, tree: impl Iterator<Item = &'a Sha>) {
        if self.put(new, tree, MOST) {
            // A cache: whoever cannot write it searches a little longer next time.
            kept::write(&self.file, &print(&self.known)).unwrap_or_default();
        }
    }

    /// True where something is known now that was not.
    fn put<'a>(&mut self, new: Vec<(Sha, Sketch)>, tree: impl Iterator<Item = &'a Sha>, most: usize) -> bool {
        if self.known.len() + new.len() > most {
            let tree: HashSet<&Sha> = tree.collect();
            self.known.retain(|oid, _| tree.contains(oid));
        }
        let room = most.saturating_sub(self.known.len());
        let news = room.min(new.len());
        self.known.extend(new.into_iter().take(room));
        news > 0
    }
}

/// Magic, records of name and bits, and a checksum over both, because a flipped bit would hide a file.
fn print(known: &HashMap<Sha, Sketch>) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    for (oid, sketch) in known {
        bytes.push(oid.as_str().len() as u8);
        bytes.extend_from_slice(oid.as_str().as_bytes());
        bytes.extend(sketch.0.iter().flat_map(|word| word.to_le_bytes()));
    }
    let sum = checksum(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

fn parse(bytes: &[u8]) -> Option<HashMap<Sha, Sketch>> {
    let (content, sum) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    if checksum(content) != *sum {
        return None;
    }
    let mut rest = content.strip_prefix(MAGIC)?;
    let mut known = HashMap::new();
    while let Some((length, behind)) = rest.split_first() {
        let (oid, behind) = behind.split_at_checked(usize::from(*length))?;
        let (words, behind) = behind.split_at_checked(WORDS * 8)?;
        let mut sketch = Sketch::of_nothing();
        for (word, bytes) in sketch.0.iter_mut().zip(words.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().ok()?);
        }
        known.insert(Sha::new(std::str::from_utf8(oid).ok()?)?, sketch);
        rest = behind;
    }
    Some(known)
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    kept::checksum(&[bytes]).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: char) -> Sha {
        Sha::new(&digit.to_string().repeat(40)).expect("an object name")
    }

    #[test]
    fn what_is_in_a_file_may_be_in_its_sketch() {
        let text = "fn load_records(path: &str) { READ(path) } // größer";
        let sketch = Sketch::of(text.as_bytes());
        for needle in ["load_records", "LOAD_RECORDS", "read(", "größer", "path: &str"] {
            assert!(Wanted::new(&[needle]).may_be_in(&sketch), "{needle}");
        }
        assert!(!Wanted::new(&["something_else_entirely"]).may_be_in(&sketch));
        assert!(Wanted::new(&["something_else_entirely", "load"]).may_be_in(&sketch));
        assert!(Wanted::new(&["xy"]).may_be_in(&sketch), "two letters tell nothing");
    }

    #[test]
    fn what_was_kept_comes_back_and_damage_is_noticed() {
        let known =
            HashMap::from([(oid('a'), Sketch::of(b"one two three")), (oid('b'), Sketch::of_nothing())]);
        let mut bytes = print(&known);
        assert_eq!(parse(&bytes), Some(known));
        for at in [0, 20, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            assert_eq!(parse(&bytes), None, "byte {at}");
            bytes[at] ^= 1;
        }
        assert_eq!(parse(&bytes[..bytes.len() - 3]), None);
        assert_eq!(parse(b""), None);
        // Another version's file, whole in itself.
        let mut foreign = bytes[..bytes.len() - 8].to_vec();
        foreign[6] += 1;
        let sum = checksum(&foreign);
        foreign.extend_from_slice(&sum);
        assert_eq!(parse(&foreign), None);
    }

    #[test]
    fn where_not_all_fit_the_tree_at_hand_stays() {
        let names: Vec<Sha> = "abcdef".chars().map(oid).collect();
        let new = |range: std::ops::Range<usize>| -> Vec<(Sha, Sketch)> {
            names[range].iter().map(|oid| (oid.clone(), Sketch::of_nothing())).collect()
        };
        let mut sketches = Sketches::default();
        let known = |sketches: &Sketches| -> String {
            names.iter().filter(|oid| sketches.get(oid).is_some()).map(|oid| &oid.as_str()[..1]).collect()
        };
        assert!(sketches.put(new(0..3), names[0..3].iter(), 4));
        // Another tree that shares `c`: what is no part of it goes.
        assert!(sketches.put(new(3..5), names[2..5].iter(), 4));
        assert_eq!(known(&sketches), "cde");
        // A tree that is larger than what is kept.
        assert!(sketches.put([new(0..2), new(5..6)].concat(), names.iter(), 4));
        assert_eq!(known(&sketches), "acde");
        assert!(!sketches.put(new(5..6), names.iter(), 4), "no room, nothing new");
    }
}

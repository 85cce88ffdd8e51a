//! Packs of a few kilobytes that stand for objects of hundreds of megabytes: a chain of deltas, each of which repeats the one before
//! many times over.
//!
//! In: packs written byte by byte, as a server may send them. Out: what they stand for is left out or refused before it fills memory, and
//! the review says so.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::json;
use crate::ground::{DEFECT, Ground};

/// Types of objects in a pack.
const COMMIT: u8 = 1;
const TREE: u8 = 2;
const BLOB: u8 = 3;
const DELTA: u8 = 6;

/// How often each of the two deltas repeats what it is made from: a thousand bytes become 300 MB.
const TIMES: [usize; 2] = [1000, 300];

/// A size as packs and deltas write it, behind so many bits that are written already.
fn rest(mut size: usize, bytes: &mut Vec<u8>) {
    while size >= 0x80 {
        bytes.push((size & 0x7f) as u8 | 0x80);
        size >>= 7;
    }
    bytes.push((size & 0x7f) as u8);
}

fn entry(kind: u8, size: usize, bytes: &mut Vec<u8>) {
    let first = kind << 4 | (size & 0xf) as u8;
    if size < 0x10 {
        return bytes.push(first);
    }
    bytes.push(first | 0x80);
    rest(size >> 4, bytes);
}

/// How far back the object stands that a delta is made from.
fn distance(mut back: usize, bytes: &mut Vec<u8>) {
    let mut reversed = vec![(back & 0x7f) as u8];
    back >>= 7;
    while back > 0 {
        back -= 1;
        reversed.push((back & 0x7f) as u8 | 0x80);
        back >>= 7;
    }
    bytes.extend(reversed.iter().rev());
}

/// Compressed as what it is: nothing is won, and nothing is needed for it.
fn stored(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    let mut pieces = content.chunks(0xffff).peekable();
    while let Some(piece) = pieces.next() {
        let length = u16::try_from(piece.len()).expect("a piece");
        bytes.push(u8::from(pieces.peek().is_none()));
        bytes.extend(length.to_le_bytes());
        bytes.extend((!length).to_le_bytes());
        bytes.extend(piece);
    }
    let (a, b) = content.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65521;
        (a, (b + a) % 65521)
    });
    bytes.extend((b << 16 | a).to_be_bytes());
    bytes
}

/// A delta that says `head` bytes once and what follows them many times.
fn repeating(head: usize, size: usize, times: usize) -> (Vec<u8>, usize) {
    let result = head + (size - head) * times;
    let mut delta = Vec::new();
    rest(size, &mut delta);
    rest(result, &mut delta);
    let mut copy = |from: usize, count: usize| {
        delta.push(0x80 | 0x0f | 0x70);
        delta.extend(u32::try_from(from).expect("small").to_le_bytes());
        delta.extend(&u32::try_from(count).expect("small").to_le_bytes()[..3]);
    };
    copy(0, size);
    (1..times).for_each(|_| copy(head, size - head));
    (delta, result)
}

/// Puts an object into the repository that begins with `head`, and goes on with `unit` three hundred thousand times. Returns its name and
/// how many bytes stand for it.
fn bomb(ground: &Ground, kind: u8, head: &[u8], unit: &[u8]) -> (String, usize) {
    let mut pack = [&b"PACK"[..], &2_u32.to_be_bytes(), &3_u32.to_be_bytes()].concat();
    let content = [head, unit].concat();
    let mut at = pack.len();
    entry(kind, content.len(), &mut pack);
    pack.extend(stored(&content));
    let mut size = content.len();
    for times in TIMES {
        let (delta, result) = repeating(head.len(), size, times);
        let here = pack.len();
        entry(DELTA, delta.len(), &mut pack);
        distance(here - at, &mut pack);
        pack.extend(stored(&delta));
        (at, size) = (here, result);
    }
    let digest = hexadecimal(&sha1(&pack));
    pack.extend(digest);
    (indexed(ground, &pack, at), pack.len())
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.chars().map(|c| u8::try_from(c.to_digit(16).expect("a digit")).expect("small")).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test sums a file up")]
fn sha1(bytes: &[u8]) -> String {
    let mut child =
        Command::new("sha1sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sha1sum");
    child.stdin.take().expect("a pipe").write_all(bytes).expect("it reads");
    let output = child.wait_with_output().expect("it ends").stdout;
    String::from_utf8_lossy(&output[..40]).into_owned()
}

/// Takes a pack in as a fetch does, and tells the name of the object at an offset.
fn indexed(ground: &Ground, pack: &[u8], at: usize) -> String {
    let line = ground.feed(&["index-pack", "--stdin"], pack);
    let name = line.split_whitespace().last().expect("a name");
    let index = ground.session.repo.path().join(format!(".git/objects/pack/pack-{name}.idx"));
    let listed = ground.feed(&["show-index"], &std::fs::read(index).expect("an index"));
    let mut found = listed.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    found.find(|words| words[0] == at.to_string()).expect("the object is in it")[1].to_owned()
}

/// A thousand bytes.
fn unit(text: &str) -> Vec<u8> {
    text.bytes().cycle().take(1000).collect()
}

#[test]
fn a_small_pack_with_a_large_file_is_reviewed_without_it() {
    let ground = Ground::new();
    let branch = ground.branch(|ground| {
        let (object, size) = bomb(ground, BLOB, b"", &unit("let x = 1;\n"));
        assert!(size < 20_000, "{size}");
        ground.write("src/new.rs", DEFECT);
        let repo = &ground.session.repo;
        repo.git(&["add", "-A"]);
        repo.git(&["update-index", "--add", "--cacheinfo", &format!("100644,{object},src/large.rs")]);
        let tree = repo.git(&["write-tree"]);
        let commit = repo.git(&["commit-tree", "-p", "main", "-m", "Add data", tree.trim()]);
        repo.git(&["update-ref", "HEAD", commit.trim()]);
    });
    let words = ["run", &branch, "--json", "--reviewer", "builtin", "--reviewer", "honest"];
    let ran = ground.unchanged("a large file", || ground.call(&words)).expect(0);
    let report = json(&ran).to_string();
    assert!(
        report.contains("`src/large.rs` (286 MiB) is too large and was left out of the checkout"),
        "{report}"
    );
}

#[test]
fn a_small_pack_with_a_large_folder_is_refused_before_it_is_read() {
    let ground = Ground::new();
    let branch = ground.branch(|ground| {
        let file = hexadecimal(&ground.blob(b"x\n"));
        let entries = (0..30).flat_map(|n| [format!("100644 n{n:02}\0").as_bytes(), &file].concat());
        let (tree, _) = bomb(ground, TREE, b"", &entries.collect::<Vec<u8>>());
        let repo = &ground.session.repo;
        let commit = repo.git(&["commit-tree", "-p", "main", "-m", "Add files", &tree]);
        repo.git(&["update-ref", "HEAD", commit.trim()]);
    });
    let ran = ground.unchanged("a large folder", || ground.call(&["run", &branch, "--reviewer", "builtin"]));
    assert!(ran.expect(4).stderr.contains("could not list the files"));
}

#[test]
fn a_small_pack_with_a_large_message_is_reviewed_with_its_beginning() {
    let ground = Ground::new();
    let branch = ground.branch(|ground| {
        ground.write("src/new.rs", DEFECT).session.repo.commit("Add a function");
        let repo = &ground.session.repo;
        let tree = repo.git(&["rev-parse", "HEAD^{tree}"]);
        let parent = repo.head();
        let who = "Ada <ada@example.org> 1700000000 +0000";
        let head = format!(
            "tree {}\nparent {}\nauthor {who}\ncommitter {who}\n\nA long story\n\n",
            tree.trim(),
            parent.trim()
        );
        let (commit, _) = bomb(ground, COMMIT, head.as_bytes(), &unit("and so on, "));
        repo.git(&["update-ref", "HEAD", &commit]);
    });
    let words = ["run", &branch, "--json", "--reviewer", "builtin", "--reviewer", "honest"];
    let ran = ground.unchanged("a large message", || ground.call(&words)).expect(0);
    assert!(ran.stdout.len() + ran.stderr.len() < 1_000_000, "{}", ran.stdout.len());
    assert!(json(&ran).to_string().contains("(the rest is left out)"), "{}", ran.stdout);
}

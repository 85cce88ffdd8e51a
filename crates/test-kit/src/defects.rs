//! Defects for made-up histories, each told in several ways.
//!
//! In: nothing. Out: [`DEFECTS`]. The tellings are what different people would write about the same line.

/// One defect.
#[derive(Debug)]
pub struct Defect {
    /// Its file.
    pub path: &'static str,
    /// Its function; no other defect has one of this name.
    pub function: &'static str,
    /// Its severity.
    pub severity: &'static str,
    /// Lines before it.
    pub before: &'static [&'static str],
    /// The line that is wrong.
    pub wrong: &'static str,
    /// The same, repaired.
    pub repaired: &'static str,
    /// Lines behind it.
    pub after: &'static [&'static str],
    /// A second place with the same mistake: wrong and repaired.
    pub second: Option<(&'static str, &'static str)>,
    /// Title and problem in the words of different reviewers.
    pub tellings: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const DEFECTS: &[Defect] = &[
    Defect {
        path: "src/records.rs",
        function: "load_page",
        severity: "important",
        before: &["let mut rows = read_rows(source);"],
        wrong: "rows.truncate(limit + 1);",
        repaired: "rows.truncate(limit);",
        after: &["render(rows)"],
        second: None,
        tellings: &[
            (
                "`load_page` keeps one row too many",
                "`truncate` takes the length to keep, so `limit + 1` rows survive and a caller that asks for ten rows gets eleven.",
            ),
            (
                "Off by one in the page limit",
                "The rows are cut to `limit + 1` entries. Every page of `load_page` therefore shows one row more than the limit.",
            ),
            (
                "Page size limit is exceeded by one",
                "`rows.truncate(limit + 1)` leaves an extra row: pages overlap, and the last row of each page is repeated on the next.",
            ),
        ],
    },
    Defect {
        path: "src/lease.rs",
        function: "renew_lease",
        severity: "critical",
        before: &["let guard = table.lock();", "let lease = guard.find(id);"],
        wrong: "network.send_blocking(lease.renewal());",
        repaired: "queue.push(lease.renewal());",
        after: &["drop(guard);"],
        second: None,
        tellings: &[
            (
                "`renew_lease` does network I/O while it holds the table lock",
                "`send_blocking` runs under `table.lock()`. A slow peer stalls every other lease until the call returns.",
            ),
            (
                "Blocking send under the lease table's mutex",
                "The mutex guard is alive across `network.send_blocking`, so one unresponsive peer blocks all lease operations.",
            ),
            (
                "Lock held across a blocking network call",
                "While the renewal is sent, `guard` keeps the table locked; all callers that need the table wait for the network.",
            ),
        ],
    },
    Defect {
        path: "src/upload.rs",
        function: "store_upload",
        severity: "critical",
        before: &["let root = uploads_folder();"],
        wrong: "let target = root.join(request.file_name());",
        repaired: "let target = root.join(sanitised(request.file_name())?);",
        after: &["write(target, request.body());"],
        second: None,
        tellings: &[
            (
                "Path traversal through the uploaded file name",
                "`request.file_name()` comes from the client and is joined unchecked, so `../../etc/cron.d/x` is written outside of the uploads folder.",
            ),
            (
                "Unsanitised file name lets a client write anywhere",
                "`root.join` with a client-supplied name that holds `..` or is absolute leaves the uploads folder.",
            ),
            (
                "`store_upload` trusts the client's file name",
                "An absolute path or one with `..` in `file_name` escapes `root`; an attacker overwrites any file the server may write.",
            ),
        ],
    },
    Defect {
        path: "src/retry.rs",
        function: "retry_delay",
        severity: "important",
        before: &["let base = settings.base_delay();"],
        wrong: "let delay = base * 2_u32.pow(attempt);",
        repaired: "let delay = base.saturating_mul(2_u32.saturating_pow(attempt));",
        after: &["sleep(delay);"],
        second: None,
        tellings: &[
            (
                "Exponential backoff overflows after 32 attempts",
                "`2_u32.pow(attempt)` panics in debug builds and wraps in release builds as soon as `attempt` reaches 32.",
            ),
            (
                "`retry_delay` panics on integer overflow for many attempts",
                "The power is computed in `u32` without saturation; attempt 32 overflows and the retry loop dies.",
            ),
            (
                "Overflow in the delay computation",
                "With 32 or more attempts `pow` overflows, so that the delay wraps to zero in release mode and the loop spins.",
            ),
        ],
    },
    Defect {
        path: "src/session.rs",
        function: "close_session",
        severity: "important",
        before: &["let session = sessions.remove(id);"],
        wrong: "let _ = session.flush();",
        repaired: "session.flush()?;",
        after: &["audit(id);"],
        second: Some(("let _ = archive.flush();", "archive.flush()?;")),
        tellings: &[
            (
                "Errors of `flush` are thrown away when a session closes",
                "`let _ = session.flush()` hides a failed write: the session counts as closed and its last events are lost.",
            ),
            (
                "`close_session` ignores a failed flush",
                "The result of `flush` is discarded, so buffered events disappear silently when the disk is full.",
            ),
            (
                "Data loss: flush result discarded on close",
                "A flush error is swallowed. Callers believe that the session was persisted although its buffer never reached the disk.",
            ),
        ],
    },
    Defect {
        path: "src/scanner.rs",
        function: "scan_tokens",
        severity: "important",
        before: &["let mut at = 0;"],
        wrong: "while at <= bytes.len() {",
        repaired: "while at < bytes.len() {",
        after: &["at += step(&bytes[at..]);", "}"],
        second: None,
        tellings: &[
            (
                "`scan_tokens` reads past the end of its input",
                "The loop runs while `at <= bytes.len()`, so its last step slices at the length and `step` sees an empty slice and panics.",
            ),
            (
                "Loop bound should be `<`, not `<=`",
                "With `at == bytes.len()` the body runs once more on an empty rest, where `step` indexes the first byte and panics.",
            ),
            (
                "Scanner panics at the end of every input",
                "The condition admits `at == bytes.len()`; there is no byte left to scan and the index is out of bounds.",
            ),
        ],
    },
    Defect {
        path: "src/cache.rs",
        function: "cached_profile",
        severity: "important",
        before: &["let profile = fetch(user);"],
        wrong: "cache.insert(user.name(), profile.clone());",
        repaired: "cache.insert(user.id(), profile.clone());",
        after: &["profile"],
        second: None,
        tellings: &[
            (
                "Cache key is not unique: two users of one name share a profile",
                "The cache is keyed by `user.name()`, which is not unique. Whoever comes second is shown the first one's profile.",
            ),
            (
                "`cached_profile` leaks profiles between users with the same name",
                "Display names repeat. Keyed by name instead of id, the cache hands one user's private profile to another.",
            ),
            (
                "Profiles are cached under the display name",
                "Names are no identifiers: a lookup may return the data of somebody else who happens to have the same name.",
            ),
        ],
    },
    Defect {
        path: "src/metrics.rs",
        function: "record_latency",
        severity: "suggestion",
        before: &["let elapsed = started.elapsed();"],
        wrong: "histogram.observe(elapsed.as_secs() as f64);",
        repaired: "histogram.observe(elapsed.as_secs_f64());",
        after: &["counter.increment();"],
        second: None,
        tellings: &[
            (
                "Latencies below a second are recorded as zero",
                "`as_secs` cuts the fraction off before the conversion, so the histogram shows 0 for nearly every request.",
            ),
            (
                "`record_latency` truncates to whole seconds",
                "The duration loses its sub-second part; a histogram of request times is then all zeros and ones.",
            ),
            (
                "Histogram loses sub-second precision",
                "Converting with `as_secs() as f64` rounds every latency down to a full second.",
            ),
        ],
    },
    Defect {
        path: "src/mailer.rs",
        function: "send_digest",
        severity: "important",
        before: &["let template = digest_template();"],
        wrong: "let html = template.replace(\"{comment}\", comment.text());",
        repaired: "let html = template.replace(\"{comment}\", &escape_html(comment.text()));",
        after: &["deliver(html);"],
        second: None,
        tellings: &[
            (
                "Comments are put into the digest's HTML without escaping",
                "`comment.text()` is written by users. Unescaped in the mail's HTML it can carry links and scripts of an attacker.",
            ),
            (
                "HTML injection in the mail digest",
                "User text reaches `template.replace` as it is; markup in a comment becomes markup of the mail.",
            ),
            (
                "`send_digest` does not escape user content",
                "Anybody who comments can inject arbitrary markup, such as a fake sign-in form, into everybody's digest.",
            ),
        ],
    },
    Defect {
        path: "src/worker.rs",
        function: "stop_worker",
        severity: "important",
        before: &["stopping.store(true);"],
        wrong: "handle.join().unwrap();",
        repaired: "handle.join_timeout(GRACE)?;",
        after: &["release(slot);"],
        second: Some(("monitor.join().unwrap();", "monitor.join_timeout(GRACE)?;")),
        tellings: &[
            (
                "`stop_worker` waits for ever for a worker that hangs",
                "`join` has no time limit. A worker stuck in a system call keeps shutdown from ever finishing.",
            ),
            (
                "Shutdown hangs when a worker does not react",
                "The join is unbounded: a single blocked worker prevents the process from stopping.",
            ),
            (
                "Unbounded join during shutdown",
                "Nothing limits how long `join` may take, so one hung thread makes a clean stop impossible; the panic of a worker is propagated as well.",
            ),
        ],
    },
    Defect {
        path: "src/prices.rs",
        function: "total_price",
        severity: "important",
        before: &["let items = basket.items();"],
        wrong: "let total = items.iter().map(|item| item.price as f32).sum::<f32>();",
        repaired: "let total = items.iter().map(|item| item.price_in_cents).sum::<i64>();",
        after: &["charge(total);"],
        second: None,
        tellings: &[
            (
                "Money is summed in `f32` and loses cents",
                "Single precision holds about seven digits; baskets of many items are charged a wrong amount.",
            ),
            (
                "`total_price` uses floating point for money",
                "Sums of prices as `f32` are inexact. Amounts above 167,772.16 cannot be told apart to the cent.",
            ),
            (
                "Rounding errors in the basket total",
                "Adding up prices as 32-bit floats accumulates rounding errors, so that customers are charged the wrong sum.",
            ),
        ],
    },
    Defect {
        path: "src/tokens.rs",
        function: "check_token",
        severity: "critical",
        before: &["let expected = tokens.of(user);"],
        wrong: "if given == expected { return Ok(user); }",
        repaired: "if constant_time_equal(given, expected) { return Ok(user); }",
        after: &["Err(Denied)"],
        second: None,
        tellings: &[
            (
                "Token comparison leaks timing",
                "`==` returns at the first byte that differs. An attacker who measures response times can guess a token byte by byte.",
            ),
            (
                "Secrets are compared with a short-circuiting `==`",
                "The comparison's duration depends on how many leading bytes agree, which allows a timing attack on tokens.",
            ),
            (
                "`check_token` is open to a timing attack",
                "Comparing the secret with `==` is not constant time, so the valid token can be recovered from latencies.",
            ),
        ],
    },
];

//! The report for an investigator: one page that needs nothing else and runs nothing.

use std::fmt::Write;

use super::{
    evidence_line,
    person::{about, weak_walls},
    sentences, size, tool,
};
use crate::{
    finding::{Finding, Identities},
    scan::Survey,
    words::{Words, plain},
};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;\
padding:0 1rem;color:#1b1b1b;background:#fff}table{border-collapse:collapse;width:100%;margin:1rem 0}\
th,td{border:1px solid #ccc;padding:.35rem .5rem;text-align:left;vertical-align:top;\
overflow-wrap:anywhere}th{background:#f2f2f2}.first{border-left:.3rem solid #b00;padding:.5rem 1rem;\
background:#fff4f4}.known-bad,.surveillance{color:#a00;font-weight:600}.suspicious{color:#8a5a00;\
font-weight:600}.note{color:#555}code{font-size:.9em}@media(prefers-color-scheme:dark){body{color:\
#e6e6e6;background:#161616}th{background:#262626}th,td{border-color:#444}.first{background:#2a1616}\
.known-bad,.surveillance{color:#ff7b72}.suspicious{color:#e3b341}.note{color:#aaa}}";

/// The page. `when` is the time it is made, RFC 3339.
#[must_use]
pub fn html(survey: &Survey, words: &Words, identities: Identities, when: &str) -> String {
    let mut page = String::new();
    // Writing into a string does not fail.
    let _ = write(&mut page, survey, words, identities, when);
    page
}

fn write(
    page: &mut String,
    survey: &Survey,
    words: &Words,
    identities: Identities,
    when: &str,
) -> std::fmt::Result {
    let say = |id: &str| escaped(&words.say(id, &[]));
    let language = words.language().tag();
    let title = say("report-title");
    write!(
        page,
        "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )?;
    writeln!(page, "<p class=\"first\">{}</p>", say("first-line"))?;
    let made = words.say("report-made", &[("tool", &tool()), ("when", when)]);
    writeln!(page, "<p>{}</p>", escaped(&made))?;
    let (files, bytes) = (survey.scanned_files.to_string(), size(survey.scanned_bytes));
    let seconds = format!("{:.1}", survey.seconds);
    let summary =
        words.say("summary", &[("files", &files), ("bytes", &bytes), ("seconds", &seconds)]);
    writeln!(page, "<p>{}</p>", escaped(&summary))?;
    for (count, id) in [(survey.untold, "untold"), (survey.passed_over, "passed-over")] {
        if count > 0 {
            let line = words.say(id, &[("count", &count.to_string())]);
            writeln!(page, "<p>{}</p>", escaped(&line))?;
        }
    }
    if let Some(line) = weak_walls(survey.walls, words) {
        writeln!(page, "<p class=\"first\">{}</p>", escaped(&line))?;
    }
    if identities == Identities::Masked {
        writeln!(page, "<p>{}</p>", say("masked"))?;
    }
    writeln!(page, "<h2>{}</h2>", say("findings"))?;
    if survey.findings.is_empty() {
        writeln!(page, "<p>{}</p>", say("nothing"))?;
    } else {
        findings(page, survey, words, identities)?;
    }
    if !survey.events.is_empty() {
        writeln!(page, "<h2>{}</h2>", say("timeline"))?;
        head(page, words, &["column-when", "column-what", "column-path"])?;
        for event in &survey.events {
            let cells = [plain(&event.when), about(event, identities, words), plain(&event.path)];
            row(page, &cells)?;
        }
        page.push_str("</table>\n");
    }
    writeln!(page, "<h2>{}</h2>", say("inputs"))?;
    head(page, words, &["column-path", "column-bytes", "report-hash"])?;
    for input in &survey.inputs {
        let bytes = input.bytes.map_or(String::new(), |bytes| bytes.to_string());
        row(page, &[plain(&input.path), bytes, input.sha256.clone().unwrap_or_default()])?;
    }
    page.push_str("</table>\n</body>\n</html>\n");
    Ok(())
}

fn findings(
    page: &mut String,
    survey: &Survey,
    words: &Words,
    identities: Identities,
) -> std::fmt::Result {
    let columns = [
        "column-what",
        "column-path",
        "column-offset",
        "column-evidence",
        "column-sure",
        "column-whom",
        "column-advice",
    ];
    head(page, words, &columns)?;
    for finding in &survey.findings {
        let cells = cells(finding, words, identities);
        let severity = finding.severity.name();
        let said = escaped(&words.say(&format!("severity-{severity}"), &[]));
        let [what, rest @ ..] = &cells;
        write!(page, "<tr><td><span class=\"{severity}\">{said}</span><br>{}", escaped(what))?;
        write!(page, "<br><code>{}</code></td>", escaped(&finding.rule))?;
        for cell in rest {
            write!(page, "<td>{}</td>", escaped(cell))?;
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
    Ok(())
}

fn cells(finding: &Finding, words: &Words, identities: Identities) -> [String; 7] {
    let (what, whom, advice) = sentences(finding, words);
    [
        what,
        plain(&finding.path),
        finding.offset.map_or(String::new(), |offset| offset.to_string()),
        evidence_line(&finding.evidence, identities, words),
        words.say(&format!("confidence-{}", finding.confidence.name()), &[]),
        whom.unwrap_or_default(),
        advice.unwrap_or_default(),
    ]
}

fn head(page: &mut String, words: &Words, ids: &[&str]) -> std::fmt::Result {
    page.push_str("<table>\n<tr>");
    for id in ids {
        write!(page, "<th>{}</th>", escaped(&words.say(id, &[])))?;
    }
    page.push_str("</tr>\n");
    Ok(())
}

fn row(page: &mut String, cells: &[String]) -> std::fmt::Result {
    page.push_str("<tr>");
    for cell in cells {
        write!(page, "<td>{}</td>", escaped(cell))?;
    }
    page.push_str("</tr>\n");
    Ok(())
}

/// Text that a page shows and does not obey.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests' own"
)]
//! Cleaning of pages of HTML, as browsers save them and as somebody hostile writes them.

#[allow(dead_code, reason = "other tests put dirt into files, too")]
mod dirt;

use dirt::{CANARY, sample, says};
use sogon_inspect::clean::{Kept, Kind, Options, Refusal, What, clean_bytes};

fn cleaned(page: &str) -> String {
    let (copy, what) = clean_bytes(page.as_bytes(), &Options::default()).unwrap();
    assert_eq!(what.kind, Kind::Html);
    String::from_utf8(copy).unwrap()
}

fn refused(page: &str) -> Refusal {
    clean_bytes(page.as_bytes(), &Options::default()).unwrap_err()
}

#[test]
fn a_saved_page_keeps_what_is_read_and_seen_and_nothing_about_its_reader() {
    let (copy, what) = clean_bytes(&sample("page.html"), &Options::default()).unwrap();
    assert!(!says(&copy, CANARY));
    let text = String::from_utf8(copy).unwrap();
    for stays in [
        "<!DOCTYPE html>",
        "<html lang=\"ko\">",
        "charset=UTF-8",
        "<h1 id=\"top\">소곤소곤</h1>",
        "Words that stay, 1 &lt; 2 &amp; more<br>",
        "<a href=\"https://example.org/story?id=7#part\">a link that stays</a>",
        "<a>words of a bad one</a>",
        "words in a card",
        "alt=\"a picture\"",
        "<img src=\"page_files/one.jpg\">",
        "<link rel=\"stylesheet\" href=\"page_files/main.css\">",
        "color: red",
        "<path d=\"M0 0h9\"",
        "drawn words",
        "a button",
        "<td colspan=\"2\">cell</td>",
    ] {
        assert!(text.contains(stays), "{stays} in {text}");
    }
    assert_eq!(text.matches("data:image/png;base64,").count(), 2, "pictures inside stay");
    assert!(!text.contains("https://example.org/C"), "nothing is fetched from elsewhere");
    let gone: Vec<What> = what.report.removed.iter().map(|one| one.what).collect();
    for one in [What::Comment, What::Script, What::Tags, What::Paths, What::Private, What::Tail] {
        assert!(gone.contains(&one), "{one} in {gone:?}");
    }
    assert!(what.report.kept.contains(&Kept::Content) && what.report.kept.contains(&Kept::Names));
}

#[test]
fn nothing_that_runs_or_is_fetched_gets_through() {
    for (page, copy) in [
        ("<p onclick=x()>a", "<p>a"),
        ("<a href=' java\nscript:x'>a</a>", "<a>a</a>"),
        ("<a href=&#106avascript:x>a</a>", "<a>a</a>"),
        ("<a href='javascript&colon;x'>a</a>", "<a>a</a>"),
        ("<a href='data:text/html,x'>a</a>", "<a>a</a>"),
        ("<a href='file:///home/mina/x'>a</a>", "<a>a</a>"),
        ("<a href=mailto:mina@example.org>a</a>", "<a href=\"mailto:mina@example.org\">a</a>"),
        ("<a href='/b?x=1&utm_id=2&amp;y=3'>a</a>", "<a href=\"/b?x=1&amp;y=3\">a</a>"),
        ("<a href='https://x/?fbclid=1'>a</a>", "<a href=\"https://x/\">a</a>"),
        ("<img src=//x/y.png>", "<img>"),
        ("<img src=/y.png>", "<img>"),
        ("<img src='C:\\Users\\mina\\y.png'>", "<img>"),
        ("<img src='y.png?user=7'>", "<img>"),
        ("<img src=&#x68;ttps://x/y>", "<img>"),
        ("<p><img alt='a\"b>c' src=a&b.png>", "<p><img alt=\"a&quot;b&gt;c\">"),
        (
            "<div><div><script></script><template><p>x</template></div>y</div>",
            "<div><div></div>y</div>",
        ),
        ("<p>a<noscript><p><noscript>b</noscript></p></noscript>c", "<p>ac"),
        ("<p>a<!-- b --!>c<![CDATA[d]]>e", "<p>ace"),
        ("<p>a<b/>c</b x='>'>d", "<p>a<b>c</b>d"),
        ("<img src=../mina/y.png>", "<img>"),
        ("<img src='a/%2E%2e/y.png'>", "<img>"),
        ("<img src='./page_files/y.png'>", "<img src=\"./page_files/y.png\">"),
        ("<p>a<canvas>b<p>c</canvas>d", "<p>ad"),
        ("<dialog>a</dialog><p popover>b", "<dialog>a</dialog><p popover=\"\">b"),
        ("<p>a<xml><o:p><o:author>Mina</o:author></o:p></xml>b<o:p>c</o:p>", "<p>abc"),
        (
            "<p>a<b><template shadowrootmode=open><style>*{display:none}</style><p>b</template></b><style>c{d:e}</style>",
            "<p>a<b><p>b</b><style>c{d:e}</style>",
        ),
        (
            "<p><svg><symbol id=\"a\"><path/></symbol></svg><svg><style/><use href=\"#a\"/></svg>b",
            "<p><svg xmlns=\"http://www.w3.org/2000/svg\"><symbol id=\"a\"><path/></symbol></svg><svg xmlns=\"http://www.w3.org/2000/svg\"><style/><use href=\"#a\"/></svg>b",
        ),
        ("<p>a</p></html> words <b>behind</b>", "<p>a</p></html>\n"),
        ("<P STYLE=\"a:b;c:url(x)\">a<BR></BR>", "<p style=\"a:b;c:none\">a<br>"),
        (
            "<style>a{b:c}</style><style>a{b:u\\72l(x)}</style>",
            "<style>a{b:c}</style><style></style>",
        ),
        (
            "<p>a<svg/><svg><svg width='1'/></svg>b",
            "<p>a<svg xmlns=\"http://www.w3.org/2000/svg\"/><svg xmlns=\"http://www.w3.org/2000/svg\"><svg width=\"1\"/></svg>b",
        ),
    ] {
        assert_eq!(cleaned(page), copy, "{page}");
    }
}

#[test]
fn what_cannot_be_read_whole_is_refused() {
    for page in [
        "<frameset><frame src=a></frameset>",
        "<p><math><mi>x</mi></math>",
        "<p>a<plaintext>b",
        "<p><script><!--<script></script>x",
        "<p><svg><path d=M0></svg>",
        "<p><svg>never",
        "<p><img src='data:image/png;base64,AAAA'>",
        "<p>a\u{0}b",
        "<p>a\u{1b}$B",
    ] {
        let id = refused(page).id();
        assert!(
            ["not-understood", "damaged", "unknown", "unsupported"].contains(&id),
            "{page}: {id}"
        );
    }
}

#[test]
fn a_page_in_xml_loses_no_words_and_keeps_its_letters() {
    let page = |inside: &str| {
        format!(
            "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\">{inside}</html>"
        )
    };
    let copy = cleaned(&page("<body><p/><b>소곤</b><br/>words</body>"));
    assert_eq!(copy, "\u{feff}<html><body><p></p><b>소곤</b><br>words</body></html>\n");
    // Read as HTML, each of these takes the words behind it for its own, or leaves them out.
    for inside in [
        "<head><title/></head><body>words</body>",
        "<head><script src='a.js'/></head><body>words</body>",
        "<body><iframe/>words</body>",
        "<body><![CDATA[words]]></body>",
        "<body><svg:svg xmlns:svg='x'/>words</body>",
    ] {
        assert_eq!(refused(&page(inside)).id(), "not-understood", "{inside}");
    }
}

#[test]
fn letters_of_older_encodings_and_wide_ones_stay() {
    // "가나" in code page 949, and a letter whose second byte looks like a mark of ASCII.
    let words: &[u8] = b"\xB0\xA1\xB3\xAA \x81\x41\x81\x5A";
    let head: &[u8] = b"<meta charset=\"euc-kr\"><p title=x>";
    let page = [head, words, b"</p>"].concat();
    let (copy, _) = clean_bytes(&page, &Options::default()).unwrap();
    assert_eq!(copy, [b"<meta charset=\"euc-kr\"><p>", words, b"</p>"].concat());
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let units = "\u{feff}<!doctype html><p class=x>소곤</p>".encode_utf16();
        let page: Vec<u8> = units.flat_map(order).collect();
        let (copy, _) = clean_bytes(&page, &Options::default()).unwrap();
        assert_eq!(copy, "\u{feff}<!DOCTYPE html><p class=\"x\">소곤</p>".as_bytes());
    }
}

#[test]
fn pages_of_nothing_but_beginnings_end() {
    let many = |piece: &str| format!("<!DOCTYPE html>{}", piece.repeat(400_000 / piece.len()));
    for piece in [
        "<",
        "<a",
        "<a b ",
        "<!--",
        "<svg/>",
        "<svg>",
        "</",
        "<style>",
        "<style>url(</style>",
        "&",
        "<a href=&",
        "<script><!--",
        "<noscript>",
        "<p style='url('>",
        "\"",
        "<b a='",
        "<svg><g>",
        "<x-y>",
        "<template>",
        "<!-- a -->",
        "<!-- a --!>",
        "<!doctype x>                    ",
        "<template shadowrootmode=open>",
    ] {
        // Whatever the answer: it comes.
        let _ = clean_bytes(many(piece).as_bytes(), &Options::default());
    }
}

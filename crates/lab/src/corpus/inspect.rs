//! Files to be cleaned.

use std::{fs, path::Path};

use super::Seeds;

impl Seeds {
    /// The cleaner's samples that are small, and each cut and with a bit turned over.
    pub(crate) fn files(&mut self) {
        const SMALL: usize = 9_000;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
        for entry in fs::read_dir(folder).expect("the samples").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = fs::read(entry.path()).expect("a sample");
            if name.ends_with(".sh") || name.ends_with(".py") || bytes.len() > SMALL {
                continue;
            }
            let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
            let mut flipped = bytes.clone();
            if let Some(byte) = flipped.get_mut(bytes.len() / 3) {
                *byte ^= 0x10;
            }
            self.add("inspect_clean", format!("{name}-cut-half"), half);
            self.add("inspect_clean", format!("{name}-flipped"), flipped);
            self.add("inspect_clean", name, bytes);
        }
        for (name, page) in PAGES {
            self.add("inspect_clean", format!("page-{name}.html"), *page);
        }
        let wide = "\u{feff}<!DOCTYPE html><p onclick=x>소곤 <b>words</b>";
        let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.add("inspect_clean", "page-utf16.html", wide);
        let old = b"<meta charset=euc-kr><p title=x>\xB0\xA1\xB3\xAA \x81\x41</p>";
        self.add("inspect_clean", "page-cp949.html", *old);
    }
}

/// Small pages of HTML, each with something strange in it.
const PAGES: &[(&str, &str)] = &[
    (
        "words",
        "<!DOCTYPE html><html lang=ko><title>t</title><p title=x>소곤 &amp; 1 &lt; 2</p></html> tail",
    ),
    (
        "head",
        "<head><meta name=author content=me><meta name=viewport content=width=9><base href=/x><link rel=stylesheet href=a/b.css><link rel=icon href=i></head>",
    ),
    ("comments", "<!-->a<!--->b<!-- c --!>d<!-- e -->f<!x>g<?h?>i</ j>k<![CDATA[l]]>m<!-- n"),
    (
        "scripts",
        "<p onload=x>a<script>b<c</script><noscript><p>d</noscript><template>e</template><canvas>f</canvas>g",
    ),
    (
        "shadow",
        "<div><template shadowrootmode=open><style>p{a:b}</style><p>c<slot>d</slot></template>e</div>",
    ),
    (
        "links",
        "<a href='https://x/?a=1&utm_id=2&amp;b=3#c:~:text=d'>e</a><a href=&#106avascript:f>g</a><a href=data:,h>i</a>",
    ),
    (
        "pictures",
        "<img src=a.png srcset='b 2x'><img src=../c.png><img src=//d><picture><source srcset=e><img src='data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH+BWEgbWFuACwAAAAAAQABAAACAkQBADs='></picture>",
    ),
    (
        "styles",
        "<style>@import 'a';/* b */c>d{e:url(f) url(#g);h:\"\\201c\"}</style><p style='i:url(j);k:u\\72l(l)'>m",
    ),
    (
        "picture-in-style",
        "<style>a{b:url(data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH+BWEgbWFuACwAAAAAAQABAAACAkQBADs=)}</style>c",
    ),
    (
        "drawings",
        "<svg><symbol id=\"a\"><title>b</title><path d=\"M0\"/></symbol></svg><svg><style/><svg><use href=\"#a\"/><text>c</text></svg></svg>d<svg/>e",
    ),
    (
        "forms",
        "<form action=a><label>b<input value=c></label><textarea>d<p></textarea><select><option>e</select><button>f</button></form>",
    ),
    (
        "xml",
        "<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\"><body><p/><b>소곤</b><br/></body></html>",
    ),
    (
        "xml-hides",
        "<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><script/></head><body>a</body></html>",
    ),
    (
        "office",
        "<html xmlns:o=x><!--[if gte mso 9]><xml>a</xml><![endif]--><xml><o:p>b</o:p></xml><![if !x]><p class=MsoNormal>c<o:p></o:p></p>",
    ),
    (
        "table",
        "<table><tr><td colspan=2 bgcolor=red data-x=y>a<td><ul><li value=3>b<dialog open>c</dialog></table>",
    ),
    ("hidden-end", "<p><script><!--<script></script>a"),
    ("frames", "<frameset><frame src=a></frameset>"),
    (
        "mail",
        "From: <Saved by Blink>\r\nSubject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related\r\n\r\n<html>",
    ),
    ("unended", "<p>words<b>more<i"),
];

"""Documents and archives with the word CANARY wherever an office program puts words about itself."""
import base64, io, struct, tarfile, zipfile, zlib

JPG = open("still.jpg", "rb").read()
X = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PK = "http://schemas.openxmlformats.org/package/2006/"
OD = "http://schemas.openxmlformats.org/officeDocument/2006/"


def pack(path, parts, first=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.comment = b"CANARYzipcomment"
        if first:
            z.writestr(zipfile.ZipInfo("mimetype", (2026, 1, 2, 3, 4, 6)), first, zipfile.ZIP_STORED)
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.external_attr = 0o640 << 16
            info.extra = struct.pack("<HH", 0xCAFE, 11) + b"CANARYextra"
            z.writestr(info, data, zipfile.ZIP_DEFLATED)


def rels(*rows):
    body = "".join(f'<Relationship Id="rId{n}" Type="{t}" Target="{to}"{mode}/>' for n, (t, to, mode) in enumerate(rows, 1))
    return X + f'<Relationships xmlns="{PK}relationships">{body}</Relationships>'


EXT = ' TargetMode="External"'
CORE = X + f'<cp:coreProperties xmlns:cp="{PK}metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>CANARYcreator</dc:creator></cp:coreProperties>'
APP = X + f'<Properties xmlns="{OD}extended-properties"><Company>CANARYcompany</Company><Application>CANARYapp</Application></Properties>'


def types(main, kind, more=""):
    return X + (f'<Types xmlns="{PK}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="jpg" ContentType="image/jpeg"/>'
        f'<Override PartName="/{main}" ContentType="{kind}"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        f'<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/>{more}</Types>')


ROOT = lambda main: rels((OD + "officeDocument", main, ""), (PK + "relationships/metadata/core-properties", "docProps/core.xml", ""), (OD + "extended-properties", "docProps/app.xml", ""))
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
WML = "application/vnd.openxmlformats-officedocument.wordprocessingml."
pack("text.docx", {
    "[Content_Types].xml": types("word/document.xml", WML + "document.main+xml",
        f'<Override PartName="/word/settings.xml" ContentType="{WML}settings+xml"/><Override PartName="/word/comments.xml" ContentType="{WML}comments+xml"/>'),
    "_rels/.rels": ROOT("word/document.xml"),
    "docProps/core.xml": CORE, "docProps/app.xml": APP,
    "customXml/item1.xml": "<a>CANARYcustom</a>",
    "word/_rels/document.xml.rels": rels((OD + "image", "media/image1.jpg", ""), (OD + "settings", "settings.xml", ""), (OD + "comments", "comments.xml", ""),
        (OD + "hyperlink", "https://example.org/", EXT), (OD + "image", "file:///C:/Users/CANARYuser/a.png", EXT), (OD + "customXml", "../customXml/item1.xml", "")),
    "word/_rels/settings.xml.rels": rels((OD + "attachedTemplate", "file:///C:/Users/CANARYuser/t.dotm", EXT)),
    "word/settings.xml": X + f'<w:settings {W} xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"><w:attachedTemplate r:id="rId1"/><w:rsids><w:rsidRoot w:val="00CANARY"/></w:rsids><w14:docId w14:val="CANARYid"/><w:zoom w:percent="100"/></w:settings>',
    "word/comments.xml": X + f'<w:comments {W}><w:comment w:id="0" w:author="CANARYauthor" w:date="2026-01-02T03:04:05Z" w:initials="CANARYini"><w:p><w:r><w:t>a remark that stays</w:t></w:r></w:p></w:comment></w:comments>',
    "word/document.xml": X + f'<!--CANARYcomment--><w:document {W} xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:canary="http://canary.example/CANARY" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" mc:Ignorable="o canary"><w:body><w:p w:rsidR="00CANARY" canary:x="CANARYforeign"><w:r><w:t xml:space="preserve">Text that stays </w:t></w:r><w:ins w:id="1" w:author="CANARYauthor" w:date="2026-01-02T03:04:05Z"><w:r><w:t>inserted</w:t></w:r></w:ins><w:r><w:drawing><wp:docPr id="1" name="CANARYphoto.jpg" descr="C:\\CANARYpath\\a.jpg"/></w:drawing></w:r></w:p><canary:y>CANARYelement</canary:y></w:body></w:document>',
    "word/media/image1.jpg": JPG,
})
S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
SML = "application/vnd.openxmlformats-officedocument.spreadsheetml."
pack("table.xlsx", {
    "[Content_Types].xml": types("xl/workbook.xml", SML + "sheet.main+xml", f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{SML}worksheet+xml"/>'),
    "_rels/.rels": ROOT("xl/workbook.xml"), "docProps/core.xml": CORE, "docProps/app.xml": APP,
    "xl/_rels/workbook.xml.rels": rels((OD + "worksheet", "worksheets/sheet1.xml", "")),
    "xl/workbook.xml": X + f'<workbook {S} xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac" xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"><fileVersion appName="CANARYapp" lastEdited="7"/><workbookPr codeName="CANARYcode"/><x15ac:absPath url="C:\\CANARYpath\\"/><xr:revisionPtr documentId="CANARYdoc"/><sheets><sheet name="Sheet that stays" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/worksheets/_rels/sheet1.xml.rels": rels((OD + "printerSettings", "../printerSettings/printerSettings1.bin", "")),
    "xl/worksheets/sheet1.xml": X + f'<worksheet {S} xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision" xr:uid="CANARYuid"><sheetData><row r="1"><c r="A1"><v>42</v></c></row></sheetData><pageSetup orientation="portrait" r:id="rId1"/></worksheet>',
    "xl/printerSettings/printerSettings1.bin": b"CANARYprinter",
    "xl/comments1.xml": X + f'<comments {S}><authors><author>CANARYauthor</author></authors><commentList/></comments>',
})
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
PML = "application/vnd.openxmlformats-officedocument.presentationml."
pack("slides.pptx", {
    "[Content_Types].xml": types("ppt/presentation.xml", PML + "presentation.main+xml", f'<Override PartName="/ppt/slides/slide1.xml" ContentType="{PML}slide+xml"/>'),
    "_rels/.rels": ROOT("ppt/presentation.xml"), "docProps/core.xml": CORE, "docProps/app.xml": APP, "docProps/thumbnail.jpeg": JPG,
    "ppt/_rels/presentation.xml.rels": rels((OD + "slide", "slides/slide1.xml", ""), (OD + "commentAuthors", "commentAuthors.xml", "")),
    "ppt/presentation.xml": X + f'<p:presentation {P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>',
    "ppt/commentAuthors.xml": X + f'<p:cmAuthorLst {P}><p:cmAuthor id="0" name="CANARYname" initials="CANARYini" lastIdx="1" clrIdx="0"/></p:cmAuthorLst>',
    "ppt/slides/slide1.xml": X + f'<p:sld {P} xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"><p:cSld><p:spTree><a:t>Words that stay</a:t></p:spTree><p:extLst><p:ext uri="{{BB962C8B-B14F-4D97-AF65-F5344CB8AC3E}}"><p14:creationId val="CANARYid"/></p:ext></p:extLst></p:cSld></p:sld>',
})
N = "urn:oasis:names:tc:opendocument:xmlns:"
odf = f'xmlns:office="{N}office:1.0" xmlns:text="{N}text:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="{N}meta:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:draw="{N}drawing:1.0" xmlns:officeooo="http://openoffice.org/2009/office" xmlns:style="{N}style:1.0"'
pack("text.odt", {
    "content.xml": X + f'<office:document-content {odf} office:version="1.3"><office:scripts/><office:automatic-styles><style:style style:name="P1"><style:text-properties officeooo:rsid="00CANARY"/></style:style></office:automatic-styles><office:body><office:text><text:p>Text that stays<office:annotation><dc:creator>CANARYauthor</dc:creator><dc:date>2026-01-02T03:04:05</dc:date><meta:creator-initials>CANARYini</meta:creator-initials><text:p>a remark</text:p></office:annotation></text:p><draw:image xlink:href="Pictures/a.jpg"/><draw:image xlink:href="../../home/CANARYuser/b.jpg"/><!--CANARYcomment--></office:text></office:body></office:document-content>',
    "meta.xml": X + f'<office:document-meta {odf}><office:meta><meta:generator>CANARYgenerator</meta:generator></office:meta></office:document-meta>',
    "settings.xml": X + f'<office:document-settings {odf}><office:settings>CANARYprinter</office:settings></office:document-settings>',
    "Thumbnails/thumbnail.png": open("still.png", "rb").read(),
    "Pictures/a.jpg": JPG,
    "META-INF/manifest.xml": X + f'<manifest:manifest xmlns:manifest="{N}manifest:1.0" manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/><manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="Pictures/a.jpg" manifest:media-type="image/jpeg"/></manifest:manifest>',
}, "application/vnd.oasis.opendocument.text")
pack("book.epub", {
    "META-INF/container.xml": X + '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="a.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
    "META-INF/calibre_bookmarks.txt": "CANARYbookmark",
    "a.opf": X + '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A title</dc:title><dc:language>ko</dc:language><dc:identifier id="i">urn:uuid:CANARYid</dc:identifier><dc:creator>CANARYcreator</dc:creator><dc:date>2026-01-02</dc:date><meta property="dcterms:modified">2026-01-02T03:04:05Z</meta><meta name="calibre:timestamp" content="CANARYcalibre"/></metadata><manifest><item id="p" href="p.xhtml" media-type="application/xhtml+xml"/><item id="c" href="c.css" media-type="text/css"/><item id="j" href="i.jpg" media-type="image/jpeg"/></manifest><spine><itemref idref="p"/></spine></package>',
    "p.xhtml": X + '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title><meta name="generator" content="CANARYgenerator"/><script>CANARYscript()</script></head><body onload="CANARYonload()"><!--CANARYcomment--><p>Words that stay&#160;here</p><img src="i.jpg" alt=""/></body></html>',
    "c.css": "/* CANARYcss */\np { margin: 0 }\n", "i.jpg": JPG,
}, "application/epub+zip")
open("drawing.svg", "w").write('<?xml version="1.0"?>\n<!-- CANARYcomment -->\n<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" xmlns:sodipodi="http://sodipodi.sourceforge.net/DTD/sodipodi-0.dtd" inkscape:version="CANARYversion" sodipodi:docname="CANARYdoc.svg" viewBox="0 0 9 9" id="CANARYid"><title>CANARYtitle</title><desc>CANARYdesc</desc><metadata>CANARYmeta</metadata><script>CANARYscript</script><style>/* CANARYcss */ .a { fill: red; -inkscape-font-specification: CANARYfont; stroke: blue }</style><defs><linearGradient id="g"><stop offset="0"/></linearGradient></defs><g inkscape:label="CANARYlabel" onclick="CANARYclick()" data-name="CANARYdata"><rect class="a" width="3" height="4" fill="url(#g)" style="-inkscape-x:CANARYstyle;opacity:1"/>CANARYloose<text x="1">Words that stay</text><image href="https://example.org/CANARY.png" width="1" height="1"/></g></svg>\n')


def pdf():
    page = zlib.compress(b"BT /F1 12 Tf 20 20 Td (Words that stay) Tj ET") + b"CANARYbehind"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 6 0 R /Names << /JavaScript << /Names [(a) 8 0 R] >> /EmbeddedFiles << /Names [(CANARYname) 9 0 R] >> >> /OpenAction 8 0 R /PieceInfo << /CANARYapp << /Private (CANARYprivate) >> >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100.25] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> /XObject << /I 10 0 R >> >> /LastModified (D:CANARY) /Annots [7 0 R] >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(page) + page + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /Metadata /Subtype /XML /Length 9 >>\nstream\nCANARYxmp\nendstream",
        b"<< /Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (a remark that stays) /T (CANARYauthor) /M (D:CANARYdate) /NM (CANARYid) >>",
        b"<< /S /JavaScript /JS (app.alert\\('CANARYscript'\\)) >>",
        b"<< /Type /Filespec /F (CANARYfile) /EF << /F 6 0 R >> >>",
        b"<< /Type /XObject /Subtype /Image /Width 64 /Height 48 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n" % len(JPG) + JPG + b"\nendstream",
        b"<< /Producer (CANARYproducer) /Author (CANARYauthor) /CreationDate (D:20260102030405) >>",
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for n, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (n, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places))
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 11 0 R /ID [<43414e415259> <43414e415259>] >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    again = out.tell()
    out.write(b"5 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>\nendobj\n")
    ref = out.tell()
    out.write(b"xref\n5 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R /Prev %d /Info 11 0 R >>\nstartxref\n%d\n%%%%EOF\nCANARYtail" % (again, len(objects) + 1, start, ref))
    return out.getvalue()


open("page.pdf", "wb").write(pdf())
inner = io.BytesIO()
with zipfile.ZipFile(inner, "w") as z:
    z.writestr("deep.jpg", JPG)
with zipfile.ZipFile("archive.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.comment = b"CANARYcomment"
    for name, data in (("folder/", b""), ("folder/photo.jpg", JPG), ("note.txt", "글".encode()), ("inner.zip", inner.getvalue())):
        info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
        info.extra = struct.pack("<HH", 0xCAFE, 11) + b"CANARYextra"
        z.writestr(info, data)
with tarfile.open("archive.tar", "w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "CANARYpax"}) as t:
    for name, data in (("photo.jpg", JPG), ("long/" * 30 + "note.txt", b"words\n"), ("inner.zip", inner.getvalue())):
        info = tarfile.TarInfo(name)
        info.size, info.uname, info.gname, info.uid, info.mtime, info.mode = len(data), "CANARYuser", "CANARYgroup", 1000, 1767323045, 0o640
        t.addfile(info, io.BytesIO(data))

# A page as browsers save it, with words wherever a page has words about itself.
picture = base64.b64encode(open("still.png", "rb").read()).decode()
open("page.html", "w").write(f'''<!DOCTYPE html>
<!-- saved from url=(0034)https://example.org/CANARYuser/inbox -->
<html lang="ko" data-user="CANARYdata"><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="author" content="CANARYauthor"><meta property="og:title" content="CANARYog"><meta name="viewport" content="width=device-width">
<title>CANARYtitle</title><base href="https://example.org/CANARYbase/"><link rel="canonical" href="https://example.org/CANARYlink">
<link rel="stylesheet" href="page_files/main.css"><style>/* CANARYcss */ @import url(https://example.org/CANARYimport.css);
.a > b {{ color: red; background: url("https://example.org/CANARYbg.png") }} .c {{ background: url(data:image/png;base64,{picture}) }}</style>
<script>var CANARYscript = "<b>";</script><script type="application/json">{{"user":"CANARYjson"}}</script></head>
<body onload="CANARYload()" class="a"><!-- CANARYcomment --><noscript><img src="https://example.org/CANARYpixel"></noscript>
<h1 id="top" title="CANARYtip">소곤소곤</h1><p style="margin:1px;background:URL('https://example.org/CANARYstyle')">Words that stay, 1 &lt; 2 &amp; more<br/>
<a href="https://example.org/story?id=7&amp;utm_source=CANARYutm&amp;fbclid=CANARYclick#part" ping="https://example.org/CANARYping" data-x="CANARYx">a link that stays</a>
<a href="java&#115;cript:CANARY()">words of a bad one</a></p><custom-card name="CANARYcustom">words in a card</custom-card>
<img src="data:image/png;base64,{picture}" alt="a picture" srcset="https://example.org/CANARYset 2x"><img src="https://example.org/CANARYimg.png" width="4"><img src="page_files/one.jpg">
<svg viewBox="0 0 9 9" data-name="CANARYsvg"><title>CANARYsvgtitle</title><path d="M0 0h9"/><text x="1">drawn words</text></svg>
<form action="https://example.org/CANARYform"><input type="hidden" name="token" value="CANARYtoken"><textarea>CANARYtyped</textarea><button>a button</button></form>
<iframe src="https://example.org/CANARYframe"></iframe><table><tr><td colspan="2">cell</td></tr></table></body></html>
<!-- CANARYtail -->
''')

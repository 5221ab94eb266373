//! Packages for Windows Installer, scripts and cabinets with signatures, a second time from the
//! descriptions of their formats ([MS-CFB], [MS-CAB]) and of Authenticode.

use super::{
    Dice,
    apps::{base64, der, seq},
    seals::Key,
    windows::{Hash, Lies, numbered, stated},
};

/// What stands in a compound file.
#[derive(Clone)]
pub struct Node {
    pub name: String,
    pub class: [u8; 16],
    pub state: u32,
    pub times: [u64; 2],
    pub held: Held,
}

#[derive(Clone)]
pub enum Held {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

impl Node {
    pub fn stream(name: &str, bytes: &[u8]) -> Self {
        let held = Held::Bytes(bytes.to_vec());
        Self { name: name.to_owned(), class: [0; 16], state: 0, times: [0; 2], held }
    }

    pub fn storage(name: &str, nodes: Vec<Self>) -> Self {
        let held = Held::Nodes(nodes);
        Self { name: name.to_owned(), class: [9; 16], state: 3, times: [5, 6], held }
    }

    fn utf16(&self) -> Vec<u8> {
        self.name.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    /// Names, without what a signature puts in itself.
    fn members(&self) -> Vec<&Self> {
        let Held::Nodes(nodes) = &self.held else { return Vec::new() };
        let own = |node: &&Self| !node.name.starts_with('\u{5}') || !node.name.contains("Digital");
        let mut nodes: Vec<&Self> = nodes.iter().filter(own).collect();
        nodes.sort_by_key(|node| node.utf16());
        nodes
    }

    /// The bytes of all streams that are not empty.
    pub fn streams(&self) -> Vec<Vec<u8>> {
        match &self.held {
            Held::Bytes(bytes) => {
                vec![bytes.clone()].into_iter().filter(|b| !b.is_empty()).collect()
            }
            Held::Nodes(nodes) => nodes.iter().flat_map(Self::streams).collect(),
        }
    }

    fn content(&self) -> Vec<u8> {
        match &self.held {
            Held::Bytes(bytes) => bytes.clone(),
            Held::Nodes(_) => {
                let inner = self.members().into_iter().flat_map(Self::content);
                inner.chain(self.class).collect()
            }
        }
    }

    fn names(&self, root: bool) -> Vec<u8> {
        let mut said = if root { Vec::new() } else { self.utf16() };
        match &self.held {
            Held::Bytes(bytes) => said.extend((bytes.len() as u32).to_le_bytes()),
            Held::Nodes(_) => said.extend(self.class),
        }
        said.extend(self.state.to_le_bytes());
        if !root {
            said.extend(self.times.iter().flat_map(|time| time.to_le_bytes()));
        }
        said.extend(self.members().iter().flat_map(|node| node.names(false)));
        said
    }
}

const INSTALLER: [u8; 16] = [0x84, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];
const PACKAGE: [u8; 16] = [0xF1, 0x10, 0x0C, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46];
const POWERSHELL: [u8; 16] = [
    0x1F, 0xCC, 0x3B, 0x60, 0x59, 0x4B, 0x08, 0x4E, 0xB7, 0x24, 0xD2, 0xC6, 0x29, 0x7E, 0xF3, 0x51,
];

/// A package with small and large streams, some of them in a storage. `large` bytes in the largest.
pub fn package(large: usize) -> Node {
    let mut dice = Dice(8);
    let nodes = vec![
        Node::stream("\u{5}SummaryInformation", &dice.bytes(300)),
        Node::stream("Table", &dice.bytes(64)),
        Node::stream("Tables", &dice.bytes(11)),
        Node::stream("Nothing", b""),
        Node::stream("표", &dice.bytes(130)),
        Node::stream("Cabinet", &dice.bytes(large)),
        Node::storage(
            "Change",
            vec![Node::stream("B", &dice.bytes(5_000)), Node::stream("A", &dice.bytes(90))],
        ),
    ];
    Node { class: INSTALLER, ..Node::storage("Root Entry", nodes) }
}

/// The package with a signature in it; with `names`, over what its entries say, too.
pub fn package_signed(root: &Node, key: &Key, hash: Hash, name: &str, names: bool) -> Node {
    let said = if names { hash.of(&root.names(true)) } else { Vec::new() };
    let digest = hash.of(&[said.clone(), root.content()].concat());
    let cms = stated(&numbered(&PACKAGE), &digest, key, hash, name, Lies::default());
    let mut root = root.clone();
    if let Held::Nodes(nodes) = &mut root.held {
        nodes.push(Node::stream("\u{5}DigitalSignature", &cms));
        if names {
            nodes.push(Node::stream("\u{5}MsiDigitalSignatureEx", &said));
        }
    }
    root
}

/// A compound file in sectors of this size, 512 or 4,096 bytes.
pub struct Compound {
    sector: usize,
    sectors: Vec<Vec<u8>>,
    table: Vec<u32>,
    small: Vec<u8>,
    small_table: Vec<u32>,
    entries: Vec<Vec<u8>>,
}

const NONE: u32 = u32::MAX;
const END: u32 = 0xFFFF_FFFE;

impl Compound {
    pub fn write(root: &Node, sector: usize) -> Vec<u8> {
        let mut made = Self {
            sector,
            sectors: Vec::new(),
            table: Vec::new(),
            small: Vec::new(),
            small_table: Vec::new(),
            entries: Vec::new(),
        };
        made.entry(root, 5);
        let small = made.small.clone();
        let start = made.stream(&small);
        made.entries[0][116..120].copy_from_slice(&start.to_le_bytes());
        made.entries[0][120..124].copy_from_slice(&(small.len() as u32).to_le_bytes());
        let mut entries = made.entries.concat();
        // Entries nobody uses have no name and no neighbours.
        while entries.len() % sector != 0 {
            entries.extend([0; 68]);
            entries.extend([0xFF; 12]);
            entries.extend([0; 48]);
        }
        let directory = made.stream(&entries);
        let mut small_table: Vec<u8> =
            made.small_table.iter().flat_map(|next| next.to_le_bytes()).collect();
        small_table.resize(small_table.len().next_multiple_of(sector), 0xFF);
        let small_table = made.stream(&small_table);
        made.file(directory, small_table)
    }

    fn file(mut self, directory: u32, small_table: u32) -> Vec<u8> {
        let per = self.sector / 4;
        // Each table counts itself, and what lists the tables that have no room in the head.
        let (mut tables, mut lists) = (1, 0_usize);
        while tables * per < self.sectors.len() + tables + lists {
            tables += 1;
            lists = (tables.max(109) - 109).div_ceil(per - 1);
        }
        let first = self.sectors.len() as u32;
        let places: Vec<u32> = (first..first + tables as u32).collect();
        let list = first + tables as u32;
        self.table.extend(vec![0xFFFF_FFFD; tables]);
        self.table.extend(vec![0xFFFF_FFFC; lists]);
        self.table.resize(tables * per, NONE);
        for part in self.table.chunks(per) {
            self.sectors.push(part.iter().flat_map(|next| next.to_le_bytes()).collect());
        }
        let rest: Vec<u32> = places.iter().skip(109).copied().collect();
        for (at, part) in rest.chunks(per - 1).enumerate() {
            let mut part = part.to_vec();
            part.resize(per - 1, NONE);
            part.push(if at + 1 == lists { END } else { list + at as u32 + 1 });
            self.sectors.push(part.iter().flat_map(|place| place.to_le_bytes()).collect());
        }
        let mut head = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
        head.resize(24, 0);
        let wide = self.sector == 4_096;
        for number in [0x3E, if wide { 4 } else { 3 }, 0xFFFE, if wide { 12 } else { 9 }, 6_u16] {
            head.extend(number.to_le_bytes());
        }
        head.resize(44, 0);
        let more = if lists == 0 { END } else { list };
        let small = self.small_table.len().div_ceil(per) as u32;
        for number in [tables as u32, directory, 0, 4_096, small_table, small, more, lists as u32] {
            head.extend(number.to_le_bytes());
        }
        for at in 0..109 {
            head.extend(places.get(at).copied().unwrap_or(NONE).to_le_bytes());
        }
        head.resize(self.sector, 0);
        [head, self.sectors.concat()].concat()
    }

    /// Puts bytes into sectors of their own, and says where.
    fn stream(&mut self, bytes: &[u8]) -> u32 {
        let start = self.sectors.len() as u32;
        for part in bytes.chunks(self.sector) {
            let mut part = part.to_vec();
            part.resize(self.sector, 0);
            self.sectors.push(part);
            self.table.push(self.sectors.len() as u32);
        }
        match self.table.last_mut() {
            Some(last) if !bytes.is_empty() => *last = END,
            _ => return END,
        }
        start
    }

    fn entry(&mut self, node: &Node, kind: u8) -> usize {
        let at = self.entries.len();
        let mut entry = node.utf16();
        let length = entry.len() as u16 + 2;
        entry.resize(64, 0);
        entry.extend(length.to_le_bytes());
        entry.extend([kind, 1]);
        entry.extend([0xFF; 12]);
        entry.extend(node.class);
        entry.extend(node.state.to_le_bytes());
        entry.extend(node.times.iter().flat_map(|time| time.to_le_bytes()));
        let (start, size) = match &node.held {
            Held::Bytes(bytes) => (self.bytes(bytes), bytes.len() as u64),
            Held::Nodes(_) => (0, 0),
        };
        entry.extend(start.to_le_bytes());
        entry.extend(size.to_le_bytes());
        self.entries.push(entry);
        if let Held::Nodes(nodes) = &node.held {
            // In the tree a shorter name comes first, then large letters count.
            let mut nodes: Vec<&Node> = nodes.iter().collect();
            nodes.sort_by_key(|node| (node.utf16().len(), node.name.to_uppercase()));
            let places: Vec<usize> = nodes
                .into_iter()
                .map(|node| {
                    self.entry(node, if matches!(node.held, Held::Bytes(_)) { 2 } else { 1 })
                })
                .collect();
            let top = self.tree(&places);
            self.entries[at][76..80].copy_from_slice(&top.to_le_bytes());
        }
        at
    }

    /// Neighbours hang on the one in the middle.
    fn tree(&mut self, places: &[usize]) -> u32 {
        let Some(&top) = places.get(places.len() / 2) else { return NONE };
        let (before, behind) = places.split_at(places.len() / 2);
        let (left, right) = (self.tree(before), self.tree(&behind[1..]));
        self.entries[top][68..72].copy_from_slice(&left.to_le_bytes());
        self.entries[top][72..76].copy_from_slice(&right.to_le_bytes());
        top as u32
    }

    fn bytes(&mut self, bytes: &[u8]) -> u32 {
        if bytes.len() >= 4_096 {
            return self.stream(bytes);
        }
        if bytes.is_empty() {
            return END;
        }
        let start = self.small_table.len() as u32;
        for part in bytes.chunks(64) {
            self.small.extend(part);
            self.small.resize(self.small.len().next_multiple_of(64), 0);
            self.small_table.push(self.small_table.len() as u32 + 1);
        }
        if let Some(last) = self.small_table.last_mut() {
            *last = END;
        }
        start
    }
}

/// How a script is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coded {
    Utf8,
    Utf8Marked,
    Utf16,
}

impl Coded {
    pub const ALL: [Self; 3] = [Self::Utf8, Self::Utf8Marked, Self::Utf16];

    /// The text with its mark, as the signature sees it.
    fn marked(self, text: &str) -> String {
        if self == Self::Utf8 { text.to_owned() } else { format!("\u{feff}{text}") }
    }

    pub fn bytes(self, text: &str) -> Vec<u8> {
        let text = self.marked(text);
        match self {
            Self::Utf16 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.into_bytes(),
        }
    }
}

/// A script with a signature in remarks at its end.
pub fn script_signed(text: &str, coded: Coded, key: &Key, hash: Hash, name: &str) -> String {
    let units: Vec<u8> = coded.marked(text).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let digest = hash.of(&units);
    let cms = stated(&numbered(&POWERSHELL), &digest, key, hash, name, Lies::default());
    let letters = base64(&cms);
    let mut signed = format!("{text}\r\n# SIG # Begin signature block\r\n");
    for line in letters.as_bytes().chunks(64) {
        signed.push_str(&format!("# {}\r\n", std::str::from_utf8(line).unwrap()));
    }
    signed + "# SIG # End signature block\r\n"
}

/// Where what is behind the head of a cabinet of ours begins.
pub const CABINET_HEAD: usize = 60;

/// A cabinet with a signature; what is packed in it is rubbish.
pub fn cabinet_signed(bytes: &[u8], key: &Key, hash: Hash, name: &str) -> Vec<u8> {
    let mut out = b"MSCF".to_vec();
    out.resize(CABINET_HEAD, 0);
    let end = CABINET_HEAD + bytes.len();
    out[8..12].copy_from_slice(&(end as u32).to_le_bytes());
    out[16..20].copy_from_slice(&(CABINET_HEAD as u32).to_le_bytes());
    out[24..26].copy_from_slice(&[3, 1]);
    out[30] = 4;
    out[36] = 20;
    out[42] = 0x10;
    out.extend(bytes);
    let hashed = [&out[..4], &out[8..34], &out[56..]].concat();
    let link = der(0xA2, &der(0x80, "<<<Obsolete>>>".as_bytes()));
    let about = seq(&[der(6, &[0x2B, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 25]), link]);
    let mut cms = stated(&about, &hash.of(&hashed), key, hash, name, Lies::default());
    cms.resize(cms.len().next_multiple_of(8), 0);
    out[44..48].copy_from_slice(&(end as u32).to_le_bytes());
    out[48..52].copy_from_slice(&(cms.len() as u32).to_le_bytes());
    [out, cms].concat()
}

/// A cabinet nobody signed.
pub fn cabinet(bytes: &[u8]) -> Vec<u8> {
    let mut out = b"MSCF".to_vec();
    out.resize(36, 0);
    out[8..12].copy_from_slice(&((36 + bytes.len()) as u32).to_le_bytes());
    [&out, bytes].concat()
}

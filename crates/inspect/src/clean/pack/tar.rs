//! tar (POSIX.1-2001 pax, ustar, GNU long names): files and folders by name, with neutral owners,
//! rights and times; each file cleaned where it lies.

use crate::clean::{Job, Kept, Kind, Plan, Refusal, View, What, one};

const BLOCK: u64 = 512;
const NAME_MAX: u64 = 64 << 10;

/// What long names were said for the next entry.
#[derive(Default)]
struct Said {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

pub(crate) fn clean(view: &mut View<'_>, job: &mut Job<'_>) -> Result<Plan, Refusal> {
    let mut plan = Plan::default();
    let mut said = Said::default();
    let mut at = 0_u64;
    job.kept(Kept::Names);
    while view.len().saturating_sub(at) >= BLOCK {
        let head: [u8; 512] = view.array(at)?;
        if head.iter().all(|byte| *byte == 0) {
            break;
        }
        check(&head)?;
        let own = octal(field(&head, 124, 12))?;
        let body = at.saturating_add(BLOCK);
        let kind = head[156];
        let long = matches!(kind, b'x' | b'g' | b'L' | b'K');
        let size = if long { own } else { said.size.take().unwrap_or(own) };
        if size > view.len().saturating_sub(body) {
            return Err(Kind::Tar.damaged("it ends too early"));
        }
        match kind {
            b'x' => pax(&view.bytes(body, limited(size)?)?, &mut said)?,
            b'g' => job.removed(What::Owner, size),
            b'L' => said.path = Some(text(&view.bytes(body, limited(size)?)?)),
            b'K' => said.link = Some(text(&view.bytes(body, limited(size)?)?)),
            b'0' | 0 | b'7' | b'1' | b'2' | b'5' => {
                job.member(Kind::Tar)?;
                entry(view, &head, &std::mem::take(&mut said), body, size, &mut plan, job)?;
            }
            _ => return Err(Kind::Tar.odd("a device or something else that is no file")),
        }
        at = body.saturating_add(size.next_multiple_of(BLOCK));
    }
    let rest = view.len().saturating_sub(at.saturating_add(2 * BLOCK).min(view.len()));
    job.removed_some(What::Tail, rest);
    plan.put(&[0; 1024]);
    Ok(plan)
}

fn limited(size: u64) -> Result<u64, Refusal> {
    match size <= NAME_MAX {
        true => Ok(size),
        false => Err(Kind::Tar.large("a name")),
    }
}

fn field(head: &[u8; 512], at: usize, len: usize) -> &[u8] {
    head.get(at..at.saturating_add(len)).unwrap_or_default()
}

fn text(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

fn octal(field: &[u8]) -> Result<u64, Refusal> {
    let bad = Kind::Tar.damaged("a number in a head");
    let digits = text(field);
    let digits = std::str::from_utf8(&digits).map_err(|_| bad.clone())?.trim();
    if digits.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(digits, 8).map_err(|_| bad)
}

fn sum(head: &[u8; 512]) -> u64 {
    let plain: u64 = head.iter().map(|byte| u64::from(*byte)).sum();
    let own: u64 = field(head, 148, 8).iter().map(|byte| u64::from(*byte)).sum();
    plain.saturating_sub(own).saturating_add(8 * 32)
}

fn check(head: &[u8; 512]) -> Result<(), Refusal> {
    match octal(field(head, 148, 8)) {
        Ok(own) if own == sum(head) => Ok(()),
        _ => Err(Kind::Tar.damaged("a checksum that does not fit")),
    }
}

/// Records `length key=value\n`.
fn pax(bytes: &[u8], said: &mut Said) -> Result<(), Refusal> {
    let bad = || Kind::Tar.damaged("a long name");
    let mut rest = bytes;
    while !rest.is_empty() && rest.first() != Some(&0) {
        let space = rest.iter().position(|byte| *byte == b' ').ok_or_else(bad)?;
        let len = rest.get(..space).and_then(|digits| std::str::from_utf8(digits).ok());
        let len: usize = len.and_then(|len| len.parse().ok()).ok_or_else(bad)?;
        let (record, later) = rest.split_at_checked(len).ok_or_else(bad)?;
        let record = record.get(space.saturating_add(1)..).ok_or_else(bad)?;
        let record = record.strip_suffix(b"\n").ok_or_else(bad)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(bad)?;
        let (key, value) = record.split_at(equals);
        let value = value.get(1..).unwrap_or_default();
        match key {
            b"path" => said.path = Some(value.to_vec()),
            b"linkpath" => said.link = Some(value.to_vec()),
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                said.size = Some(size.ok_or_else(bad)?);
            }
            key if key.starts_with(b"GNU.sparse") => return Err(Kind::Tar.odd("a file with holes")),
            _ => {}
        }
        rest = later;
    }
    Ok(())
}

fn entry(
    view: &mut View<'_>,
    head: &[u8; 512],
    said: &Said,
    body: u64,
    size: u64,
    plan: &mut Plan,
    job: &mut Job<'_>,
) -> Result<(), Refusal> {
    let own = || {
        let (prefix, name) = (text(field(head, 345, 155)), text(field(head, 0, 100)));
        let posix = field(head, 257, 8) == b"ustar\x0000";
        if posix && !prefix.is_empty() { [&prefix[..], b"/", &name].concat() } else { name }
    };
    let name = said.path.clone().unwrap_or_else(own);
    let link = said.link.clone().unwrap_or_else(|| text(field(head, 157, 100)));
    let shown = String::from_utf8_lossy(&name).into_owned();
    if shown.starts_with('/') || shown.split('/').any(|part| part == "..") || name.is_empty() {
        return Err(Kind::Tar.damaged("a name that leads out of the archive"));
    }
    let kind = match head[156] {
        0 | b'7' if name.ends_with(b"/") => b'5',
        0 | b'7' => b'0',
        kind => kind,
    };
    if kind != b'0' && size > 0 {
        return Err(Kind::Tar.odd("a folder with content"));
    }
    if kind != b'0' || size == 0 {
        return write(plan, &name, &link, kind, 0).map(|ours| owner(&ours, head, job));
    }
    let mut part = view.part(body, size)?;
    let (_, clean) = job.inside(&shown, |job| one(&mut part, job))?;
    let ours = write(plan, &name, b"", kind, clean.len())?;
    owner(&ours, head, job);
    plan.join(&clean, body);
    let padding = clean.len().next_multiple_of(BLOCK).saturating_sub(clean.len());
    plan.put([0; 512].get(..usize::try_from(padding).unwrap_or(0)).unwrap_or_default());
    Ok(())
}

fn owner(ours: &[u8; 512], head: &[u8; 512], job: &mut Job<'_>) {
    // Rights, owners and times lie between the name and the size, and behind the link.
    let differs = |at, len| field(ours, at, len) != field(head, at, len);
    if differs(100, 24) || differs(136, 12) || differs(265, 80) {
        job.removed(What::Owner, 116_u8);
    }
}

/// Writes a head, and before it one for names that are too long for it.
fn write(
    plan: &mut Plan,
    name: &[u8],
    link: &[u8],
    kind: u8,
    size: u64,
) -> Result<[u8; 512], Refusal> {
    let mut records = Vec::new();
    for (key, value) in [(&b"path"[..], name), (b"linkpath", link)] {
        if value.len() > 100 {
            record(&mut records, key, value);
        }
    }
    if !records.is_empty() {
        let len = records.len() as u64;
        plan.put(&made(b"name", b"", b'x', len)?);
        records.resize(records.len().next_multiple_of(512), 0);
        plan.put(&records);
    }
    let head = made(name, link, kind, size)?;
    plan.put(&head);
    Ok(head)
}

fn record(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let bare = key.len().saturating_add(value.len()).saturating_add(3);
    let mut len = bare.saturating_add(1);
    while len != bare.saturating_add(len.to_string().len()) {
        len = bare.saturating_add(len.to_string().len());
    }
    out.extend(len.to_string().as_bytes());
    out.extend([b" ", key, b"=", value, b"\n"].concat());
}

fn made(name: &[u8], link: &[u8], kind: u8, size: u64) -> Result<[u8; 512], Refusal> {
    let mut head = [0_u8; 512];
    let mut put = |at: usize, bytes: &[u8]| {
        head.iter_mut().skip(at).zip(bytes).for_each(|(byte, new)| *byte = *new);
    };
    if size >= 1 << 33 {
        return Err(Kind::Tar.large("a member"));
    }
    put(0, name.get(..100).unwrap_or(name));
    put(100, if kind == b'5' { b"0000755\0" } else { b"0000644\0" });
    put(108, b"0000000\x000000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(156, &[kind]);
    put(157, link.get(..100).unwrap_or(link));
    put(257, b"ustar\x0000");
    let total = sum(&head);
    let mut put = |at: usize, bytes: &[u8]| {
        head.iter_mut().skip(at).zip(bytes).for_each(|(byte, new)| *byte = *new);
    };
    put(148, format!("{total:06o}\0 ").as_bytes());
    Ok(head)
}

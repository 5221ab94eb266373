//! The vectors of packets (SPEC 10.3, 10.4).

use sogon_wire::packet::{
    Address, Answer, Answers, Direct, Greeting, Holdings, Question, Questions,
};

use super::{Found, about, boxed, field, hex, refusal, why};

/// A client's packet.
pub(super) fn questions(bytes: &[u8]) -> Found {
    let packet = Questions::parse(bytes).map_err(refusal)?;
    assert_eq!(packet.encode(bytes.len()), bytes, "it is written as it was read");
    let head = [field("number", packet.number), field("proof", packet.proof)];
    Ok(head.into_iter().chain(packet.items.iter().flat_map(question)).collect())
}

/// A relay's packet.
pub(super) fn answers(bytes: &[u8]) -> Found {
    let packet = Answers::parse(bytes).map_err(refusal)?;
    assert_eq!(packet.encode(bytes.len()), bytes, "it is written as it was read");
    let head = [field("number", packet.number), field("proof", packet.proof)];
    Ok(head.into_iter().chain(packet.items.iter().flat_map(answer)).collect())
}

fn named(item: &str, tag: u16, own: Vec<String>) -> Vec<String> {
    [field("item", item), field("tag", tag)].into_iter().chain(own).collect()
}

fn question(question: &Question) -> Vec<String> {
    match question {
        Question::Append { tag, order, append } => {
            let (key, signature) = (hex(&append.key.0), hex(&append.signature.0));
            let own = [field("order", order), field("key", key), field("signature", signature)];
            named("append", *tag, own.into_iter().chain([boxed(&append.boxed)]).collect())
        }
        Question::Read { tag, log, after, till, bytes_max } => {
            let places = [field("after", after), field("till", till)];
            let own = [field("log", hex(&log.0))].into_iter().chain(places);
            named("read", *tag, own.chain([field("bytes_max", bytes_max)]).collect())
        }
        Question::Piece { tag, order, of, count, index, bytes } => {
            let own = [field("order", order), field("of", hex(&of.0)), field("count", count)];
            let rest = [field("index", index), field("bytes", hex(bytes))];
            named("piece", *tag, own.into_iter().chain(rest).collect())
        }
        Question::Missing { tag, log, seq, wanted } => {
            let own = [field("log", hex(&log.0)), field("seq", seq), field("wanted", wanted)];
            named("missing", *tag, own.into())
        }
        Question::About(tag) => named("about", *tag, Vec::new()),
        Question::Equal => vec![field("item", "equal")],
        Question::Speak(tag, packet) => named("speak", *tag, vec![field("packet", hex(packet))]),
        Question::Where(tag) => named("where", *tag, Vec::new()),
    }
}

fn places(held: Holdings) -> Vec<String> {
    vec![field("first", held.first), field("till", held.till), field("head", held.head)]
}

fn answer(answer: &Answer) -> Vec<String> {
    let tag = answer.tag();
    match answer {
        Answer::Appended(_, seq) => named("appended", tag, vec![field("seq", seq)]),
        Answer::Quiet(_) => named("quiet", tag, Vec::new()),
        Answer::Waiting(_) => named("waiting", tag, Vec::new()),
        Answer::Boxes { held, from, boxes, .. } => {
            let own = places(*held).into_iter().chain([field("from", from)]);
            named("boxes", tag, own.chain(boxes.iter().map(boxed)).collect())
        }
        Answer::Piece { held, seq, step, index, bytes, .. } => {
            let rest = [field("seq", seq), field("step", step), field("index", index)];
            let own = places(*held).into_iter().chain(rest);
            named("piece", tag, own.chain([field("bytes", hex(bytes))]).collect())
        }
        Answer::Held { of, pieces, .. } => {
            named("held", tag, vec![field("of", hex(&of.0)), field("pieces", pieces)])
        }
        Answer::Refused { why: cause, wait_s, .. } => {
            named("refused", tag, vec![field("why", why(*cause)), field("wait_s", wait_s)])
        }
        Answer::About(_, its) => named("about", tag, about(its)),
        Answer::Heard(_, packet) => named("heard", tag, vec![field("packet", hex(packet))]),
        Answer::Seen(_, address) => named("seen", tag, whence(*address)),
    }
}

fn whence(address: Address) -> Vec<String> {
    let (host, port) = match address {
        Address::V4(host, port) => (hex(&host), port),
        Address::V6(host, port) => (hex(&host), port),
    };
    vec![field("host", host), field("port", port)]
}

/// What goes from one side of a call to the other.
pub(super) fn direct(bytes: &[u8]) -> Found {
    let said = Direct::parse(bytes).map_err(refusal)?;
    assert_eq!(said.encode(bytes.len()), bytes, "it is written as it was read");
    Ok(match said {
        Direct::Speech { hears, number, packet } => vec![
            field("item", "speech"),
            field("hears", u8::from(hears)),
            field("number", number),
            field("packet", hex(&packet)),
        ],
        Direct::At { number, address } => {
            let head = [field("item", "at"), field("number", number)];
            head.into_iter().chain(whence(address)).collect()
        }
    })
}

pub(super) fn greeting(bytes: &[u8]) -> Found {
    let said = Greeting::parse(bytes).map_err(refusal)?;
    assert_eq!(said.encode(), bytes, "it is written as it was read");
    Ok(vec![
        field("number", said.number),
        field("proof", said.proof),
        field("wanted", format!("{} to {}", said.wanted.start, said.wanted.end)),
        field("end", said.end),
        field("offset", said.offset),
        field("part", hex(&said.part)),
        field("rest", hex(&said.rest)),
    ])
}

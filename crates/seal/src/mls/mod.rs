//! The only module that names the MLS library.

pub(crate) mod charter;
pub(crate) mod conversation;
pub(crate) mod key_package;
pub(crate) mod provider;
mod storage;

use openmls::prelude::*;

/// X-Wing (X25519 + ML-KEM-768) key agreement, AES-256-GCM, SHA-384, Ed25519.
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;

/// The type of our extension in the group context (SPEC 5.2), from the private-use range.
pub(crate) const CONTEXT_EXTENSION: u16 = 0xF0A0;

/// How far messages of one sender may be out of order, and how many may be missing before one.
const OUT_OF_ORDER_MAX: u32 = 2_000;
const FORWARD_MAX: u32 = 5_000;

fn capabilities() -> Capabilities {
    Capabilities::new(
        None,
        Some(&[SUITE]),
        Some(&[ExtensionType::LastResort, ExtensionType::Unknown(CONTEXT_EXTENSION)]),
        None,
        None,
    )
}

/// For ever: whether a package is too old is not decided by anybody's clock.
fn lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .number_of_resumption_psks(1)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(
            OUT_OF_ORDER_MAX,
            FORWARD_MAX,
        ))
        .build()
}

fn create_config(context: Extensions<GroupContext>) -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(0)
        .number_of_resumption_psks(1)
        .use_ratchet_tree_extension(true)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(
            OUT_OF_ORDER_MAX,
            FORWARD_MAX,
        ))
        .capabilities(capabilities())
        .lifetime(lifetime())
        .with_group_context_extensions(context)
        .build()
}

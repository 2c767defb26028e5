//! What opens, what does not, and what an operator is told about a bad ring.

use store::sealed::Row;
use time::macros::{date, datetime};

use super::*;

const SECRET: [u8; 32] = [7; 32];

fn row(field: &str) -> Row {
    let id = |number: u128| uuid::Uuid::from_u128(number);
    Row::Credential(id(1).into(), id(2).into(), field.into())
}

/// Ids with keys of one repeated byte.
fn ring(keys: &[(&str, u8)]) -> String {
    let entry = |(id, byte): &(&str, u8)| format!("{id}:{}", URL_SAFE_NO_PAD.encode([*byte; 32]));
    keys.iter().map(entry).collect::<Vec<_>>().join(",")
}

fn vault(keys: &[(&str, u8)]) -> Vault {
    Vault::with_keys(SECRET, Keys::parse(&ring(keys)).unwrap())
}

#[test]
fn a_secret_opens_for_its_row_only() {
    let (vault, row) = (vault(&[("k1", 1)]), row("access_token"));
    let sealed = vault.seal(&row, b"secret").unwrap();
    assert!(!sealed.windows(6).any(|part| part == b"secret"));
    assert_ne!(sealed, vault.seal(&row, b"secret").unwrap(), "a new nonce every time");
    assert_eq!(vault.open(&row, &sealed).unwrap(), b"secret");
    let Row::Credential(organization, connection, _) = &row else { unreachable!() };
    let other = |number: u128| uuid::Uuid::from_u128(number);
    for stranger in [
        self::row("refresh_token"),
        Row::Credential(other(9).into(), *connection, "access_token".into()),
        Row::Credential(*organization, other(9).into(), "access_token".into()),
        Row::TwoFactor(*organization, connection.0.into()),
        Row::OAuthVerifier(*organization, connection.0.into()),
    ] {
        assert!(vault.open(&stranger, &sealed).is_err(), "{stranger}");
    }
    for place in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[place] ^= 1;
        assert!(vault.open(&row, &changed).is_err(), "changed at {place}");
        assert!(vault.open(&row, &sealed[..place]).is_err(), "cut off at {place}");
    }
}

#[test]
fn the_first_key_seals_and_all_of_them_open() {
    let row = row("access_token");
    let old = Vault::new(SECRET).seal(&row, b"secret").unwrap();
    let first = vault(&[("k1", 1)]).seal(&row, b"secret").unwrap();
    let both = vault(&[("k2", 2), ("k1", 1)]);
    assert_eq!(both.ids().collect::<Vec<_>>(), ["k2", "k1", INSTALLATION]);
    let second = both.seal(&row, b"secret").unwrap();
    for sealed in [&old, &first, &second] {
        assert_eq!(both.open(&row, sealed).unwrap(), b"secret");
    }
    let without = vault(&[("k2", 2)]).open(&row, &first).unwrap_err();
    let Error::Internal(why) = without else { panic!("{without}") };
    assert!(why.to_string().contains("the key k1, which is not in the ring"), "{why}");
    assert!(vault(&[("k1", 9)]).open(&row, &first).is_err(), "another key under the same id");
    assert!(Vault::new([8; 32]).open(&row, &old).is_err(), "another installation");

    // The same key under another id: the id is bound in.
    let mut renamed = first;
    renamed[3] = b'3';
    assert!(vault(&[("k3", 1)]).open(&row, &renamed).is_err());
}

#[test]
fn what_was_sealed_before_there_were_key_ids_opens() {
    // Made outside this program (HMAC-SHA-256, HChaCha20, RFC 8439) in the form it wrote before there were key ids.
    let row = Row::TwoFactor(uuid::Uuid::from_u128(1).into(), uuid::Uuid::from_u128(2).into());
    assert_eq!(row.to_string(), "two_factor 00000000-0000-0000-0000-000000000001 00000000-0000-0000-0000-000000000002");
    let sealed = hex::decode(OLD).unwrap();
    assert_eq!(vault(&[("k1", 1)]).open(&row, &sealed).unwrap(), b"secret");
    assert_eq!(Vault::new(SECRET).open(&row, &sealed).unwrap(), b"secret");
}

pub const OLD: &str = "01000102030405060708090a0b0c0d0e0f10111213141516177048b06dae6f5dee4a6e01247352567fb1300b07b992";

#[test]
fn a_bad_ring_is_named_without_its_keys() {
    let good = ring(&[("k1", 1)]);
    let key = good.split_once(':').unwrap().1;
    for (text, told) in [
        (String::new(), "no key"),
        ("# nothing\n , \n".into(), "no key"),
        (key.to_owned(), "entry 1"),
        (format!("{good},{key}"), "entry 2"),
        (format!("K1:{key}"), "entry 1"),
        (format!("{}:{key}", "k".repeat(21)), "entry 1"),
        (format!("installation:{key}"), "taken"),
        (format!("k1:{}", &key[1..]), "the key k1 is not 32 bytes"),
        (format!("k1:{}", "+".repeat(43)), "the key k1 is not 32 bytes"),
        (ring(&[("k1", 1), ("k1", 2)]), "same id"),
        (ring(&[("k1", 1), ("k2", 1)]), "same key"),
    ] {
        let error = Keys::parse(&text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
        assert!(!error.contains(&key[..8]), "{error}");
    }
    let file = format!("# of March\n{}\n\n  {} ,\n", ring(&[("k2", 2)]), format_args!("{good}="));
    assert_eq!(Vault::with_keys(SECRET, Keys::parse(&file).unwrap()).ids().count(), 3);
}

#[test]
fn a_new_key_fits_a_ring() {
    let day = datetime!(2026-03-01 08:00 UTC).date();
    assert_eq!(day, date!(2026 - 03 - 01));
    let (one, two) = (new_key(day).unwrap(), new_key(day).unwrap());
    assert!(one.starts_with("k20260301-") && one != two, "{one}");
    let vault = Vault::with_keys(SECRET, Keys::parse(&format!("{one}\n{two}")).unwrap());
    assert_eq!(vault.sealing(), one.split_once(':').unwrap().0);
}

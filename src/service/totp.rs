//! Codes of authenticator apps (RFC 6238: SHA-1, six digits, 30 seconds), recovery codes, and what an app is set up with.

use model::{email::EmailAddress, two_factor::Enrolment};
use qrcode::{QrCode, render::svg};
use totp_rs::{Algorithm, Builder, Secret, Totp};

use crate::{Error, Result, token};

const ISSUER: &str = "AudienceOS";
const SECRET: usize = 20;
/// 32 characters that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 10;

/// A new secret for an app.
///
/// # Errors
/// Internal: the system gives no randomness.
pub(crate) fn new_secret() -> Result<[u8; SECRET]> {
    token::random_bytes()
}

fn totp(secret: &[u8]) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(Secret::new(secret.into()))
        .build()
        .map_err(|error| Error::Internal(Box::new(error)))
}

/// The time step whose code this is, at `now` in seconds or one step beside it.
///
/// # Errors
/// Internal: the secret is too short.
pub(crate) fn step(secret: &[u8], code: &str, now: i64) -> Result<Option<i64>> {
    let found = totp(secret)?.check(code, now.max(0).unsigned_abs());
    Ok(found.and_then(|step| i64::try_from(step).ok()))
}

/// What an app is set up with.
///
/// # Errors
/// Internal: the address does not fit into a QR code.
pub(crate) fn enrolment(secret: &[u8], email: &EmailAddress) -> Result<Enrolment> {
    let base32 = Secret::new(secret.into()).to_base32();
    let account: String = email
        .as_str()
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'@' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let url = format!("otpauth://totp/{ISSUER}:{account}?secret={base32}&issuer={ISSUER}");
    let code = QrCode::new(&url).map_err(|error| Error::Internal(Box::new(error)))?;
    let svg = code.render::<svg::Color<'_>>().min_dimensions(200, 200).build();
    let groups: Vec<_> = base32.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    Ok(Enrolment {
        secret: groups.join(" "),
        // Only the element: pages hold it as a part of theirs.
        qr_svg: svg.find("<svg").map_or(svg.clone(), |start| svg[start..].to_owned()),
        url,
    })
}

/// A new recovery code as people write it: two groups of five.
///
/// # Errors
/// Internal: the system gives no randomness.
pub(crate) fn new_recovery_code() -> Result<String> {
    let bytes = token::random_bytes::<CODE_LENGTH>()?;
    let text: String = bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    Ok(format!("{}-{}", &text[..5], &text[5..]))
}

/// What a person typed, without spaces and hyphens, in capitals.
pub(crate) fn normalize(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase).take(40).collect()
}

/// Whether a normalized code is one of an app.
pub(crate) fn of_app(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, the last six of its eight digits.
        let secret = b"12345678901234567890";
        for (second, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
        {
            assert_eq!(step(secret, code, second).unwrap(), Some(second / 30), "{second}");
            assert_eq!(step(secret, code, second + 30).unwrap(), Some(second / 30), "one step late");
            assert_eq!(step(secret, code, second + 90).unwrap(), None, "too late");
        }
        assert_eq!(step(secret, "287083", 59).unwrap(), None);
        assert_eq!(step(secret, "28708", 59).unwrap(), None);
    }

    #[test]
    fn an_app_reads_who_signs_in_where() {
        let email = EmailAddress::parse("email", "olga+x@acme.test").unwrap();
        let made = enrolment(b"12345678901234567890", &email).unwrap();
        let url =
            "otpauth://totp/AudienceOS:olga%2Bx@acme.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=AudienceOS";
        assert_eq!(made.url, url);
        assert_eq!(made.secret, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert!(made.qr_svg.starts_with("<svg") && made.qr_svg.ends_with("</svg>"));
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let code = new_recovery_code().unwrap();
        assert_eq!(code.len(), 11);
        assert_eq!(normalize(&format!(" {} ", code.to_lowercase())), code.replace('-', ""));
        assert!(of_app(&normalize("123 456")) && !of_app("ABCDE23456"));
    }
}

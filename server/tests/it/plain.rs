//! The routes that are neither the API's nor a page's: read from the router's own text, since axum tells nobody.

/// The router as it is written, without its tests.
fn router() -> &'static str {
    include_str!("../../src/routes.rs").split("#[cfg(test)]").next().unwrap()
}

/// Every route that the router names itself, and whether it takes what is posted. A path that is no literal stands as it
/// is written.
pub fn routes() -> Vec<(&'static str, bool)> {
    let routes: Vec<_> = router()
        .split(".route(")
        .skip(1)
        .map(|rest| {
            let (path, rest) = rest.trim_start().split_once(',').unwrap();
            let methods = rest.split("\n        .").next().unwrap();
            (path.trim_matches('"'), methods.contains("post("))
        })
        .collect();
    assert!(routes.len() > 20, "the router is not written as it was: {routes:?}");
    routes
}

/// Whether `path` is answered by `route`, in which `{names}` stand for anything.
pub fn answers(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len() && route.iter().zip(path).all(|(part, given)| part.starts_with('{') || *part == given)
}

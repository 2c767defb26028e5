//! Every page of a simulated agency says that it is one, also where what its address names is not there.

use app::{App, needs_no_session};
use leptos_axum::generate_route_list;
use sqlx::PgPool;

use crate::{process::free_address, simulated::enter, support::TestApp};

/// The examples of what pages are made of are no page of an agency.
const OF_NO_AGENCY: &str = "/styleguide";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_page_of_a_simulated_agency_says_that_it_is_one(pool: PgPool) {
    let address = free_address().parse().unwrap();
    let app = TestApp::start_with(pool, |config| config.rehearsal = Some(address)).await;
    let (olga, guest) = (app.owner("olga@acme.test", "Acme").await, app.browser());
    app.leave_jobs();
    enter(&guest).await;
    let clients = guest.json("/api/v1/clients").await;
    let client = clients["items"][0]["id"].as_str().unwrap();
    let named = |part: &str| if part.starts_with([':', '{']) { client.to_owned() } else { part.to_owned() };
    let routes: Vec<_> = generate_route_list(App).iter().map(|route| route.path().to_owned()).collect();
    let mut seen = 0;
    // What no page answers holds nothing of an agency.
    for route in routes.iter().filter(|route| !route.contains('*')) {
        let path = route.split('/').map(named).collect::<Vec<_>>().join("/");
        if needs_no_session(&path) || path == OF_NO_AGENCY || path.trim_matches('/').is_empty() {
            continue;
        }
        let banner = "data-test=\"simulated\"";
        let page = guest.get(&path).await.text().await.unwrap();
        assert!(page.contains(banner) && page.contains("Rehearsal agency: simulated."), "{path}: {page}");
        assert!(!olga.get(&path).await.text().await.unwrap().contains(banner), "{path}: hers is live");
        seen += 1;
    }
    assert!(seen > 20, "{seen} pages");
    app.stop().await;
}

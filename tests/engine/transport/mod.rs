//! The way to a server: TLS, proxies, and what no server may do to us.

mod limits;
pub mod proxies;
pub mod tls;

use libtest_mimic::Trial;

use crate::support::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("transport::tls::an_own_ca", tls::an_own_ca),
        trial("transport::tls::a_client_certificate", tls::a_client_certificate),
        trial("transport::tls::a_pin", tls::a_pin),
        trial("transport::tls::unchecked_on_demand", tls::unchecked_on_demand),
        trial("transport::proxies::a_tunnel", proxies::a_tunnel),
        trial("transport::proxies::a_password", proxies::a_password),
        trial("transport::proxies::plain_http", proxies::plain_http),
        trial("transport::proxies::refusals", proxies::refusals),
        trial("transport::proxies::exceptions", proxies::exceptions),
        trial("transport::proxies::socks", proxies::socks),
        trial("transport::proxies::hosts_at_aws", proxies::hosts_at_aws),
        trial("transport::limits::endless_documents", limits::endless_documents),
        trial("transport::limits::announced_sizes", limits::announced_sizes),
        trial("transport::limits::floods_of_headers", limits::floods_of_headers),
        trial("transport::limits::redirects", limits::redirects),
        trial("transport::limits::regions_that_are_hosts", limits::regions_that_are_hosts),
        trial("transport::limits::stalls", limits::stalls),
        trial("transport::limits::slow_work", limits::slow_work),
        trial("transport::limits::connections_are_kept", limits::connections_are_kept),
    ]
}

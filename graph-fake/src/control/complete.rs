//! What all operations of the description have in common, put in once.

use utoipa::{
    Modify,
    openapi::{
        Content, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder,
        path::{Operation, PathItem},
    },
};

use crate::graph::BODY_MAX;

/// Operations whose body may be left out, by path: all of its members may.
const MAY_BE_EMPTY: [&str; 4] =
    ["/reset", "/options", "/tenants/{tenantId}", "/tenants/{tenantId}/phones/{number}"];

/// Puts it in: the shape of errors, bodies that are too large, bodies that may be left out.
pub struct Complete;

impl Modify for Complete {
    fn modify(&self, description: &mut OpenApi) {
        for (path, item) in &mut description.paths.paths {
            for operation in operations(item) {
                complete(path, operation);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, .. } = item;
    [get, put, post].into_iter().flatten()
}

fn complete(path: &str, operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    if let Some(body) = &mut operation.request_body {
        let may_be_empty = MAY_BE_EMPTY.contains(&path);
        body.required = Some(if may_be_empty { Required::False } else { Required::True });
        responses.insert(
            "413".to_owned(),
            trouble(&format!("the body is larger than {BODY_MAX} bytes")),
        );
    }
    let others = "anything else: 408 where the body does not arrive, 503 while the fake shuts down";
    responses.insert("default".to_owned(), trouble(others));
    for (status, response) in responses {
        if let RefOr::T(response) = response
            && !status.starts_with('2')
        {
            response.content.insert("application/json".to_owned(), content());
        }
    }
}

fn content() -> Content {
    Content::new(Some(Ref::from_schema_name("TroubleBody")))
}

fn trouble(description: &str) -> RefOr<Response> {
    ResponseBuilder::new().description(description).build().into()
}

//! Bulk operations as Shopify speaks of them.

use serde::Deserialize;
use time::OffsetDateTime;

use crate::{Error, Result, number, shopify::wire::Node};

pub(super) const START: &str = "\
mutation Start($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) { bulkOperation { id } userErrors { message } }
}";

/// What is asked of a bulk operation.
macro_rules! operation {
    () => {
        "id status errorCode createdAt query rootObjectCount fileSize url"
    };
}

/// The app's own operations at this shop; Shopify names the newest first.
pub(super) const OPERATIONS: &str = concat!(
    "query Operations { bulkOperations(first: 25, query: \"operation_type:query\") { nodes { ",
    operation!(),
    " } } }"
);

pub(super) const OPERATION: &str =
    concat!("query Operation($id: ID!) { bulkOperation(id: $id) { ", operation!(), " } }");

pub(super) const COUNT: &str =
    "query Count($filter: String!, $limit: Int!) { ordersCount(query: $filter, limit: $limit) { count } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationsAnswer {
    pub bulk_operations: Operations,
}

#[derive(Deserialize)]
pub(super) struct Operations {
    pub nodes: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationAnswer {
    pub bulk_operation: Option<Operation>,
}

/// A bulk operation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Operation {
    pub id: String,
    pub status: String,
    pub error_code: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    pub query: String,
    #[serde(deserialize_with = "number::integer")]
    root_object_count: Option<i64>,
    #[serde(default, deserialize_with = "number::integer")]
    file_size: Option<i64>,
    pub url: Option<String>,
}

impl Operation {
    /// How many orders it has found.
    pub fn orders(&self) -> Result<u64> {
        let count = self.root_object_count.and_then(|count| count.try_into().ok());
        count.ok_or_else(|| Error::Malformed("an operation's count of objects is missing".into()))
    }

    /// How many bytes its file has.
    pub fn file_size(&self) -> Result<Option<u64>> {
        let size = self.file_size.map(u64::try_from).transpose();
        size.map_err(|_| Error::Malformed("the file's size is negative".into()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CountAnswer {
    pub orders_count: Option<Count>,
}

#[derive(Deserialize)]
pub(super) struct Count {
    pub count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartAnswer {
    pub bulk_operation_run_query: Option<Started>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Started {
    pub bulk_operation: Option<Node>,
    #[serde(default)]
    pub user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
pub(super) struct UserError {
    pub message: String,
}

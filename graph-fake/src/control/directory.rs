//! What an administrator changes.

use axum::extract::{Path, State};
use http::StatusCode;
use platform::Admin;

use super::{Body, Control, Trouble, guid};
use crate::config::{
    AppBody, InstanceBody, PhoneBody, TenantBody, UserBody, check_callback, check_number,
};

/// Makes a tenant, or changes it.
#[utoipa::path(put, path = "/tenants/{tenantId}", request_body = TenantBody,
    params(("tenantId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_tenant(
    State(control): State<Control>,
    Path(tenant): Path<String>,
    Body(body): Body<TenantBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    let TenantBody { display_name, refuses_guests } = body;
    administer(&control, Admin::PutTenant { tenant, display_name, refuses_guests }).await
}

/// Registers a bot and what the administrator consented to; may be repeated while calls run, and then
/// permissions are granted and withdrawn.
#[utoipa::path(put, path = "/tenants/{tenantId}/apps/{appId}", request_body = AppBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("appId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_app(
    State(control): State<Control>,
    Path((tenant, app)): Path<(String, String)>,
    Body(body): Body<AppBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, app) = (guid(&tenant, "tenantId")?, guid(&app, "appId")?);
    let now = control.clock.now();
    let done = control.driver.with(move |state| {
        if let Some(uri) = &body.callback_uri {
            check_callback(uri, state.allows_http())?;
        }
        Ok(state.put_app(now, tenant, app, body))
    });
    taken(done.await?.map_err(|why: String| Trouble::bad(format!("callbackUri: {why}")))?)
}

/// Makes or changes a simulated user.
#[utoipa::path(put, path = "/tenants/{tenantId}/users/{userId}", request_body = UserBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("userId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_user(
    State(control): State<Control>,
    Path((tenant, user)): Path<(String, String)>,
    Body(body): Body<UserBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, user) = (guid(&tenant, "tenantId")?, guid(&user, "userId")?);
    administer(&control, Admin::PutUser { tenant, user, entry: body.to_user() }).await
}

/// Makes or changes a resource account: a bot's own telephone.
#[utoipa::path(put, path = "/tenants/{tenantId}/instances/{instanceId}", request_body = InstanceBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("instanceId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_instance(
    State(control): State<Control>,
    Path((tenant, instance)): Path<(String, String)>,
    Body(body): Body<InstanceBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, instance) = (guid(&tenant, "tenantId")?, guid(&instance, "instanceId")?);
    let entry = body.to_instance().map_err(Trouble::bad)?;
    administer(&control, Admin::PutInstance { tenant, instance, entry }).await
}

/// Says how a telephone is answered.
#[utoipa::path(put, path = "/tenants/{tenantId}/phones/{number}", request_body = PhoneBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("number" = String, Path, description = "E.164")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_phone(
    State(control): State<Control>,
    Path((tenant, number)): Path<(String, String)>,
    Body(body): Body<PhoneBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    check_number(&number).map_err(|why| Trouble::bad(format!("number: {why}")))?;
    let on_call = body.on_call.on_call(body.answer_after_ms);
    administer(&control, Admin::PutPhone { tenant, number, on_call }).await
}

async fn administer(control: &Control, admin: Admin) -> Result<StatusCode, Trouble> {
    let now = control.clock.now();
    taken(control.driver.with(move |state| state.administer(now, admin)).await?)
}

fn taken(taken: bool) -> Result<StatusCode, Trouble> {
    if taken { Ok(StatusCode::NO_CONTENT) } else { Err(Trouble::not_now("the directory is full")) }
}

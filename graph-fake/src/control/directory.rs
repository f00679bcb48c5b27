//! What an administrator changes.

use axum::extract::State;
use graph_api::Guid;
use http::StatusCode;
use platform::Admin;

use super::{Body, Control, Named, Trouble, guid};
use crate::{
    config::{
        AppBody, InstanceBody, PhoneBody, TenantBody, UserBody, check_callback, check_number,
    },
    driver::State as Owned,
};

/// Makes a tenant, or changes it.
#[utoipa::path(put, path = "/tenants/{tenantId}", request_body = TenantBody,
    params(("tenantId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 409, description = "the directory is full")))]
pub async fn put_tenant(
    State(control): State<Control>,
    Named(tenant): Named<String>,
    Body(body): Body<TenantBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    let TenantBody { display_name, refuses_guests } = body;
    let (now, admin) =
        (control.clock.now(), Admin::PutTenant { tenant, display_name, refuses_guests });
    taken(control.driver.with(move |state| state.administer(now, admin)).await?)
}

/// Registers a bot and what the administrator consented to; may be repeated while calls run, and then
/// permissions are granted and withdrawn. What is left out is as if it had never been there.
#[utoipa::path(put, path = "/tenants/{tenantId}/apps/{appId}", request_body = AppBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("appId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no such tenant"),
    (status = 409, description = "the directory is full")))]
pub async fn put_app(
    State(control): State<Control>,
    Named((tenant, app)): Named<(String, String)>,
    Body(body): Body<AppBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, app) = (guid(&tenant, "tenantId")?, guid(&app, "appId")?);
    let now = control.clock.now();
    let done = control.driver.with(move |state| {
        must_exist(state, tenant)?;
        if let Some(uri) = &body.callback_uri {
            check_callback(uri, state.allows_http())
                .map_err(|why| Trouble::bad(format!("callbackUri: {why}")))?;
        }
        Ok::<_, Trouble>(state.put_app(now, tenant, app, body))
    });
    taken(done.await??)
}

/// Makes or changes a simulated user.
#[utoipa::path(put, path = "/tenants/{tenantId}/users/{userId}", request_body = UserBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("userId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no such tenant"),
    (status = 409, description = "the directory is full")))]
pub async fn put_user(
    State(control): State<Control>,
    Named((tenant, user)): Named<(String, String)>,
    Body(body): Body<UserBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, user) = (guid(&tenant, "tenantId")?, guid(&user, "userId")?);
    within(&control, tenant, Admin::PutUser { tenant, user, entry: body.to_user() }).await
}

/// Makes or changes a resource account: a bot's own telephone.
#[utoipa::path(put, path = "/tenants/{tenantId}/instances/{instanceId}", request_body = InstanceBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("instanceId" = String, Path, description = "GUID")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no such tenant"),
    (status = 409, description = "the directory is full")))]
pub async fn put_instance(
    State(control): State<Control>,
    Named((tenant, instance)): Named<(String, String)>,
    Body(body): Body<InstanceBody>,
) -> Result<StatusCode, Trouble> {
    let (tenant, instance) = (guid(&tenant, "tenantId")?, guid(&instance, "instanceId")?);
    let entry = body.to_instance().map_err(Trouble::bad)?;
    within(&control, tenant, Admin::PutInstance { tenant, instance, entry }).await
}

/// Says how a telephone is answered.
#[utoipa::path(put, path = "/tenants/{tenantId}/phones/{number}", request_body = PhoneBody,
    params(("tenantId" = String, Path, description = "GUID"),
           ("number" = String, Path, description = "E.164")), responses(
    (status = 204, description = "it is so now"),
    (status = 400, description = "an id or a member cannot be read"),
    (status = 404, description = "no such tenant"),
    (status = 409, description = "the directory is full")))]
pub async fn put_phone(
    State(control): State<Control>,
    Named((tenant, number)): Named<(String, String)>,
    Body(body): Body<PhoneBody>,
) -> Result<StatusCode, Trouble> {
    let tenant = guid(&tenant, "tenantId")?;
    check_number(&number).map_err(|why| Trouble::bad(format!("number: {why}")))?;
    let on_call = body.on_call.on_call(body.answer_after_ms);
    within(&control, tenant, Admin::PutPhone { tenant, number, on_call }).await
}

/// A change within a tenant that there is.
pub async fn within(control: &Control, tenant: Guid, admin: Admin) -> Result<StatusCode, Trouble> {
    let now = control.clock.now();
    let done = control.driver.with(move |state| {
        must_exist(state, tenant)?;
        Ok::<_, Trouble>(state.administer(now, admin))
    });
    taken(done.await??)
}

/// A mistyped id must not make a tenant.
fn must_exist(state: &Owned, tenant: Guid) -> Result<(), Trouble> {
    if state.platform.directory().tenant(tenant).is_some() {
        return Ok(());
    }
    let make = format!("make it first: PUT /tenants/{tenant}");
    Err(Trouble::unknown(format!("there is no tenant {tenant}; {make}")))
}

fn taken(taken: bool) -> Result<StatusCode, Trouble> {
    if taken { Ok(StatusCode::NO_CONTENT) } else { Err(Trouble::not_now("the directory is full")) }
}

//! The actor of a request, and what they may do.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::id::{ApiKeyId, RequestId, UserId};
use domain::permission::{Access, Denied, Permission, Role};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The program itself: jobs, seed, command line.
    System,
    /// A caller without a session or key.
    Guest,
    Customer(UserId),
    /// A member of staff.
    Staff(UserId),
    /// A program with a key.
    ApiKey(ApiKeyId),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("system"),
            Self::Guest => f.write_str("nobody"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::ApiKey(id) => write!(f, "{id}"),
        }
    }
}

/// A text that is no actor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an actor")]
pub struct UnknownActor;

impl FromStr for Actor {
    type Err = UnknownActor;
    fn from_str(text: &str) -> Result<Self, UnknownActor> {
        let user = |id: &str| id.parse().map_err(|_| UnknownActor);
        match text.split_once(':') {
            Some(("customer", id)) => user(id).map(Self::Customer),
            Some(("staff", id)) => user(id).map(Self::Staff),
            Some(_) => Err(UnknownActor),
            None if text == "system" => Ok(Self::System),
            None if text == "nobody" => Ok(Self::Guest),
            None => text.parse().map(Self::ApiKey).map_err(|_| UnknownActor),
        }
    }
}

/// The caller lacks this permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission {}", .0.as_str())]
pub struct Forbidden(pub Permission);

/// The actor of a request, with their permissions.
#[derive(Clone, Debug)]
pub struct Context {
    pub actor: Actor,
    /// A member of staff's role.
    pub role: Option<Role>,
    /// Permissions of the API key; empty for everybody else.
    pub scopes: Vec<Permission>,
    /// For whom, when not for themselves.
    pub on_behalf_of: Option<String>,
    /// The request, for logs and events.
    pub request: RequestId,
    /// The request key as the caller chose it, by which a change that is sent twice is made once; see [`request_keys`](super::request_keys).
    pub key: Option<String>,
    /// Where it came from, for what is counted by client; none for what the program does by itself.
    pub client: Option<IpAddr>,
    /// What a browser keeps that has signed in before, see `identity::device_token`.
    pub device: Option<String>,
    /// What the browser calls itself: its `User-Agent`.
    pub user_agent: Option<String>,
    /// Has a member of staff shown lately that it is them, see [`Access::ConfirmedStaff`]?
    pub is_confirmed: bool,
    /// Does a member of staff lack the second factor that their role demands? Then they have no permission.
    pub lacks_second_factor: bool,
}

/// Where a request came from, found out once: an IPv6 client is its whole /64, which is what it owns.
#[derive(Clone, Copy, Debug)]
pub struct Client(pub IpAddr);

impl Context {
    const fn new(actor: Actor, request: RequestId) -> Self {
        Self {
            actor,
            role: None,
            scopes: Vec::new(),
            on_behalf_of: None,
            request,
            key: None,
            client: None,
            device: None,
            user_agent: None,
            is_confirmed: false,
            lacks_second_factor: false,
        }
    }
    /// The program itself, which may do everything.
    #[must_use]
    pub const fn system(request: RequestId) -> Self {
        Self::new(Actor::System, request)
    }
    #[must_use]
    pub const fn nobody(request: RequestId) -> Self {
        Self::new(Actor::Guest, request)
    }
    #[must_use]
    pub const fn customer(user: UserId, request: RequestId) -> Self {
        Self::new(Actor::Customer(user), request)
    }
    /// A member of staff.
    #[must_use]
    pub const fn staff(user: UserId, role: Role, request: RequestId) -> Self {
        let mut context = Self::new(Actor::Staff(user), request);
        context.role = Some(role);
        context
    }
    /// A program with a key.
    #[must_use]
    pub fn api_key(id: ApiKeyId, scopes: Vec<Permission>, request: RequestId) -> Self {
        Self { scopes, ..Self::new(Actor::ApiKey(id), request) }
    }

    /// The actor of an earlier request that is carried out now, for the events; it grants no permission.
    #[must_use]
    pub const fn in_the_name_of(actor: Actor, request: RequestId) -> Self {
        Self::new(actor, request)
    }
    /// The same with a request key; one that is empty or longer than a key is none.
    #[must_use]
    pub fn with_key(self, key: &str) -> Self {
        let key = Some(key.trim()).filter(|key| !key.is_empty() && key.len() <= 100).map(str::to_owned);
        Self { key, ..self }
    }
    /// The request key with whose it is: two programs that count their requests alike have each their own.
    #[must_use]
    pub fn owned_key(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("{} {key}", self.actor))
    }
    /// The same, from this client.
    #[must_use]
    pub const fn from(mut self, client: Option<IpAddr>) -> Self {
        self.client = client;
        self
    }

    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        match self.actor {
            Actor::System => true,
            Actor::Staff(_) => !self.lacks_second_factor && self.role.is_some_and(|role| role.may(permission)),
            Actor::ApiKey(_) => self.scopes.contains(&permission),
            Actor::Guest | Actor::Customer(_) => false,
        }
    }

    /// # Errors
    /// [`Forbidden`] when they may not.
    pub fn require(&self, permission: Permission) -> Result<(), Forbidden> {
        if self.may(permission) { Ok(()) } else { Err(Forbidden(permission)) }
    }

    /// Decides whether the caller has this access. Pages, server functions and the API all ask here.
    ///
    /// # Errors
    /// Why not.
    pub fn authorize(&self, access: Access) -> Result<(), Denied> {
        match access {
            Access::Public => Ok(()),
            Access::Customer if self.user().is_some() => Ok(()),
            Access::Customer => Err(Denied::SignedOut),
            Access::Staff(_) | Access::ConfirmedStaff(_) if self.actor == Actor::Guest => Err(Denied::SignedOut),
            Access::Staff(permission) | Access::ConfirmedStaff(permission) if !self.may(permission) => {
                Err(if self.lacks_second_factor { Denied::NoSecondFactor } else { Denied::Forbidden })
            }
            Access::ConfirmedStaff(_) if matches!(self.actor, Actor::Staff(_)) && !self.is_confirmed => Err(Denied::Unconfirmed),
            Access::Staff(_) | Access::ConfirmedStaff(_) => Ok(()),
        }
    }

    /// The account that is signed in.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self.actor {
            Actor::Customer(user) | Actor::Staff(user) => Some(user),
            Actor::System | Actor::Guest | Actor::ApiKey(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_denied_without_a_session_or_without_the_permission() {
        let (request, user) = (RequestId(uuid::Uuid::nil()), UserId(uuid::Uuid::from_u128(7)));
        let refunds = Access::Staff(Permission::RefundPayments);
        let nobody = Context::nobody(request);
        assert_eq!(
            [Access::Public, Access::Customer, refunds].map(|access| nobody.authorize(access)),
            [Ok(()), Err(Denied::SignedOut), Err(Denied::SignedOut)]
        );
        assert_eq!(Context::customer(user, request).authorize(Access::Customer), Ok(()));
        assert_eq!(Context::customer(user, request).authorize(refunds), Err(Denied::Forbidden));
        assert_eq!(Context::staff(user, Role::Clerk, request).authorize(refunds), Err(Denied::Forbidden));
        assert_eq!(Context::staff(user, Role::Owner, request).authorize(refunds), Ok(()));
        let key = ApiKeyId(uuid::Uuid::from_u128(8));
        assert_eq!(Context::api_key(key, vec![Permission::ReadStock], request).authorize(refunds), Err(Denied::Forbidden));
        assert_eq!(Context::api_key(key, vec![Permission::RefundPayments], request).authorize(refunds), Ok(()));
        // What is confirmed is asked of people, not of programs.
        let confirmed = Access::ConfirmedStaff(Permission::RefundPayments);
        let mut owner = Context::staff(user, Role::Owner, request);
        assert_eq!(owner.authorize(confirmed), Err(Denied::Unconfirmed));
        owner.is_confirmed = true;
        assert_eq!(owner.authorize(confirmed), Ok(()));
        owner.lacks_second_factor = true;
        assert_eq!(owner.authorize(confirmed), Err(Denied::NoSecondFactor));
        assert_eq!(owner.authorize(Access::Customer), Ok(()), "where they set it up");
        let mut clerk = Context::staff(user, Role::Clerk, request);
        clerk.is_confirmed = true;
        assert_eq!([clerk.authorize(confirmed), nobody.authorize(confirmed)], [Err(Denied::Forbidden), Err(Denied::SignedOut)]);
        assert_eq!(Context::api_key(key, vec![Permission::RefundPayments], request).authorize(confirmed), Ok(()));
    }

    #[test]
    fn an_actor_is_read_as_it_is_written() {
        let (user, key) = (UserId(uuid::Uuid::from_u128(7)), ApiKeyId(uuid::Uuid::from_u128(8)));
        for actor in [Actor::System, Actor::Guest, Actor::Customer(user), Actor::Staff(user), Actor::ApiKey(key)] {
            assert_eq!(actor.to_string().parse(), Ok(actor));
        }
        for text in ["", "staff:", "root", "system:1"] {
            assert_eq!(text.parse::<Actor>(), Err(UnknownActor), "{text}");
        }
    }
}

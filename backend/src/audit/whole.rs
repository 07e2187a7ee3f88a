//! Is the database whole? Disks forget, machines lose power, copies are cut short: the sums can still agree while a page of products
//! is gone. Every table is read, and every reference followed.

use domain::view::AuditCheck;

use crate::platform::db::{Db, DbError};

/// Failures that are named of a check, at most.
const NAMED: usize = 50;

/// Reads all of the database, and follows each reference from one table to another. `thoroughly` looks at every entry of every index
/// too, which takes several times as long. On Postgres that needs the extension `amcheck`; without it tables are read and indexes
/// are not. What is found is in the answers, and so is an error of the database, which a damaged one gives.
pub async fn whole(db: &Db, thoroughly: bool) -> Vec<AuditCheck> {
    if db.is_postgres() {
        return vec![
            answer("every table can be read", postgres_tables(db, thoroughly).await),
            answer("every reference leads to its row", postgres_references(db).await),
        ];
    }
    vec![
        answer("every page of the file is sound", sqlite_pages(db, thoroughly).await),
        answer("every reference leads to its row", sqlite_references(db).await),
    ]
}

/// How much was looked at, and what is wrong.
type Found = (i64, Vec<String>);

fn answer(name: &str, found: Result<Found, DbError>) -> AuditCheck {
    let (count, mut failures) = found.unwrap_or_else(|error| (0, vec![said(&error)]));
    let more = failures.len().saturating_sub(NAMED);
    failures.truncate(NAMED);
    if more > 0 {
        failures.push(format!("and {more} more"));
    }
    AuditCheck { name: name.to_owned(), count, failures }
}

/// How a failure begins that says nothing about the database: it was busy, or away.
pub const NOT_LOOKED_AT: &str = "could not be looked at now";

fn said(error: &DbError) -> String {
    if error.is_passing() { format!("{NOT_LOOKED_AT}: {error}") } else { error.to_string() }
}

async fn sqlite_pages(db: &Db, thoroughly: bool) -> Result<Found, DbError> {
    let sql = if thoroughly { "select integrity_check from pragma_integrity_check" } else { "select quick_check from pragma_quick_check" };
    let (pages,): (i64,) = db.fetch_one("select page_count from pragma_page_count()", &[]).await?;
    let said: Vec<(String,)> = db.fetch_all(sql, &[]).await?;
    let lines = said.iter().flat_map(|(said,)| said.lines()).filter(|line| *line != "ok");
    Ok((pages, lines.map(str::to_owned).collect()))
}

async fn sqlite_references(db: &Db) -> Result<Found, DbError> {
    let (count,): (i64,) =
        db.fetch_one("select count(*) from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'", &[]).await?;
    let broken: Vec<(String, String, i64)> = db
        .fetch_all(
            "select \"table\", parent, count(*) from pragma_foreign_key_check group by \"table\", parent order by \"table\", parent",
            &[],
        )
        .await?;
    let said = |(table, parent, rows): (String, String, i64)| format!("{rows} rows of {table} lead to no row of {parent}");
    Ok((count, broken.into_iter().map(said).collect()))
}

/// One column of one row that a statement gives, which the database puts together: there is no other way to name a table by a value.
const ASK: &str = "select cast((xpath('/row/n/text()', query_to_xml($1, false, true, '')))[1] as text)";

async fn ask(db: &Db, statement: &str) -> Result<i64, DbError> {
    let row: (Option<String>,) = db.fetch_one(ASK, &[&statement]).await?;
    Ok(row.0.and_then(|n| n.parse().ok()).unwrap_or(0))
}

async fn postgres_tables(db: &Db, thoroughly: bool) -> Result<Found, DbError> {
    let (amcheck,): (i64,) = db.fetch_one("select count(*) from pg_extension where extname = 'amcheck'", &[]).await?;
    // As text each value is read whole, also those that are kept apart from their rows.
    let tables: Vec<(String, String)> = db
        .fetch_all(
            "select cast(c.relname as text), format('select count(cast(t.* as text)) as n from %I.%I t', n.nspname, c.relname)
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind = 'r' and n.nspname = current_schema() order by c.relname",
            &[],
        )
        .await?;
    let indexes: Vec<(String, String)> = if amcheck > 0 {
        db.fetch_all(
            "select cast(c.relname as text), case when c.relkind = 'i'
                    then format('select count(bt_index_check(cast(%s as regclass), %L)) as n', c.oid, $1 = 1)
                    else format('select count(*) as n from verify_heapam(cast(%s as regclass))', c.oid) end
             from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_am a on a.oid = c.relam
             where n.nspname = current_schema() and (c.relkind = 'r' or (c.relkind = 'i' and a.amname = 'btree')) order by c.relname",
            &[&i64::from(thoroughly)],
        )
        .await?
    } else {
        Vec::new()
    };
    let (count, mut failures) = (i64::try_from(tables.len() + indexes.len()).unwrap_or(i64::MAX), Vec::new());
    for (name, statement) in tables {
        match ask(db, &statement).await {
            Ok(_) => {}
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    for (name, statement) in indexes {
        match ask(db, &statement).await {
            // Of a table, what amcheck complains of is counted; of an index, that it was looked at.
            Ok(complaints) if statement.contains("verify_heapam") && complaints > 0 => {
                failures.push(format!("{name}: amcheck complains of {complaints} rows"));
            }
            Ok(_) => {}
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => failures.push(format!("{name}: {error}")),
        }
    }
    Ok((count, failures))
}

async fn postgres_references(db: &Db) -> Result<Found, DbError> {
    let references: Vec<(String, String, String)> = db
        .fetch_all(
            "select cast(child.relname as text), cast(parent.relname as text),
                format('select count(*) as n from %I.%I c where %s and not exists (select 1 from %I.%I p where %s)',
                    n.nspname, child.relname, string_agg(format('c.%I is not null', a.attname), ' and ' order by k.place),
                    m.nspname, parent.relname, string_agg(format('p.%I = c.%I', b.attname, a.attname), ' and ' order by k.place))
             from pg_constraint r
             join pg_class child on child.oid = r.conrelid join pg_namespace n on n.oid = child.relnamespace
             join pg_class parent on parent.oid = r.confrelid join pg_namespace m on m.oid = parent.relnamespace
             cross join unnest(r.conkey, r.confkey) with ordinality as k(own, other, place)
             join pg_attribute a on a.attrelid = child.oid and a.attnum = k.own
             join pg_attribute b on b.attrelid = parent.oid and b.attnum = k.other
             where r.contype = 'f' and n.nspname = current_schema()
             group by r.oid, n.nspname, child.relname, m.nspname, parent.relname order by 1, 2",
            &[],
        )
        .await?;
    let count = i64::try_from(references.len()).unwrap_or(i64::MAX);
    let mut failures = Vec::new();
    for (child, parent, statement) in references {
        match ask(db, &statement).await {
            Ok(0) => {}
            Ok(rows) => failures.push(format!("{rows} rows of {child} lead to no row of {parent}")),
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => failures.push(format!("{child}: {error}")),
        }
    }
    Ok((count, failures))
}

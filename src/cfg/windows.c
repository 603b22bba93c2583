#include "windows_int.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/zone.h"
#include "flow/window.h"
#include "load_int.h"
#include "problems_int.h"
#include "show_int.h"

#define WEEK_MINUTES    (7 * DAY_MINUTES)
#define DAY_MINUTES     1440
#define EDGE_SIZE       32
#define ZONES_FILE      "/usr/share/zoneinfo/zone.tab"
#define ZONES_BYTES_MAX ((size_t)256 * 1024)

/* Plain data that does not come from the arena. */
struct loaded_zone {
    struct zone *zone; /* owned */
    struct loaded_zone *next;
};

/* ---- zones ---- */

void windows_done(struct cfg_memory *memory)
{
    for (const struct loaded_zone *loaded = memory->zones; loaded != NULL; loaded = loaded->next)
        zone_free(loaded->zone);
    memory->zones = NULL;
}

/* One zone for all windows that name it; NULL: *err is set. */
static const struct zone *find_zone(struct cfg_memory *memory, const char *name, struct err *err)
{
    struct zone *zone = NULL;

    for (const struct loaded_zone *loaded = memory->zones; loaded != NULL; loaded = loaded->next) {
        if (strcmp(zone_name(loaded->zone), name) == 0)
            return loaded->zone;
    }
    if (!zone_load(name, &zone, err))
        return NULL;
    struct loaded_zone *loaded = arena_alloc(&memory->arena, sizeof(*loaded));
    *loaded = (struct loaded_zone){.zone = zone, .next = memory->zones};
    memory->zones = loaded;
    return zone;
}

/* Lines of country, coordinates and name, parted by tabs; '#' begins a remark. */
static void offer_zones(struct nearest *nearest, const char *lines, struct arena *arena)
{
    for (const char *line = lines; *line != '\0'; line += strspn(line, "\n")) {
        const char *end = line + strcspn(line, "\n");
        const char *coordinates = memchr(line, '\t', (size_t)(end - line));
        const char *name = coordinates == NULL ? NULL : strchr(coordinates + 1, '\t');
        if (*line != '#' && name != NULL && name < end)
            nearest_offer(nearest, arena_text(arena, name + 1, strcspn(name + 1, "\t\n")));
        line = end;
    }
}

static void report_zone(struct loader *loader, const struct node *node, const struct err *err)
{
    AUTO(buf) struct buf lines = BUF_INIT(ZONES_BYTES_MAX);
    struct nearest nearest = {.text = node->text};
    struct err ignored;

    if (err->code != ERR_NOT_FOUND) {
        loader_problem(loader, node, "%s", err->text);
        return;
    }
    nearest_offer(&nearest, "UTC");
    if (file_read(ZONES_FILE, &lines, &ignored) && lines.len > 0)
        offer_zones(&nearest, lines.data, &loader->memory->arena);
    if (nearest.best != NULL)
        loader_problem(loader, node, "there is no time zone '%.64s'; did you mean '%s'?",
                       node->text, nearest.best);
    else
        loader_problem(loader, node,
                       "there is no time zone '%.64s': UTC, or a name such as Europe/Berlin",
                       node->text);
}

static void load_zone(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    struct err err = {.code = ERR_OK};

    if (loader_text(loader, node, key->type->expects, NULL) == NULL)
        return;
    const struct zone *zone = find_zone(loader->memory, node->text, &err);
    if (zone == NULL)
        report_zone(loader, node, &err);
    else
        field_set_pointer(base, key->offset, zone);
}

static bool has_zone(const struct cfg_key *key, const void *base)
{
    return field_pointer(base, key->offset) != NULL;
}

static void show_zone(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                      struct buf *out)
{
    show_text(out, zone_name(field_pointer(base, key->offset)));
}

static void schema_zone(const struct cfg_key *key UNUSED, struct jsonw *w)
{
    jsonw_text(w, "type", "string");
}

const struct cfg_type type_zone = {
    .name = "time zone",
    .expects = "a time zone such as Europe/Berlin",
    .load = load_zone,
    .is_set = has_zone,
    .show = show_zone,
    .schema = schema_zone,
};

/* ---- edges ---- */

static const struct window_edge *edge_at(const struct cfg_key *key, const void *base)
{
    return (const struct window_edge *)(const void *)((const char *)base + key->offset);
}

static bool is_edge(const struct window_edge *edge)
{
    return edge->is_weekly || edge->once.month > 0;
}

static void load_edge(struct loader *loader, const struct cfg_key *key, const struct node *node,
                      void *base)
{
    const char *text = loader_text(loader, node, key->type->expects, NULL);
    struct window_edge edge = {0};
    struct err err;

    if (text == NULL)
        return;
    if (window_parse_edge(text, &edge, &err))
        memcpy((char *)base + key->offset, &edge, sizeof(edge));
    else
        loader_problem(loader, node, "%s", err.text);
}

static bool has_edge(const struct cfg_key *key, const void *base)
{
    return is_edge(edge_at(key, base));
}

/* What window_parse_edge reads as this edge. */
static const char *format_edge(const struct window_edge *edge, char text[EDGE_SIZE])
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const struct zone_civil *once = &edge->once;
    int minute = edge->minute_of_week % WEEK_MINUTES;

    if (edge->is_weekly)
        snprintf(text, EDGE_SIZE, "%s %02d:%02d", days[minute / DAY_MINUTES],
                 minute % DAY_MINUTES / 60, minute % 60);
    else if (once->hour == 0 && once->minute == 0)
        snprintf(text, EDGE_SIZE, "%04d-%02d-%02d", once->year, once->month, once->day);
    else
        snprintf(text, EDGE_SIZE, "%04d-%02d-%02d %02d:%02d", once->year, once->month, once->day,
                 once->hour, once->minute);
    return text;
}

static void show_edge(const struct cfg_key *key, const void *base, unsigned indent UNUSED,
                      struct buf *out)
{
    char text[EDGE_SIZE];

    show_text(out, format_edge(edge_at(key, base), text));
}

static void schema_edge(const struct cfg_key *key UNUSED, struct jsonw *w)
{
    jsonw_text(w, "type", "string");
    jsonw_text(w, "pattern",
               "^([A-Za-z]+ [0-9]{2}:[0-9]{2}|[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2})?)$");
}

const struct cfg_type type_edge = {
    .name = "weekday and time, or date",
    .expects = "a moment of the week such as Fri 16:00, or a date such as 2026-12-20 18:00",
    .load = load_edge,
    .is_set = has_edge,
    .show = show_edge,
    .schema = schema_edge,
};

/* ---- both edges of a window ---- */

static int64_t minute_of(const struct zone_civil *civil)
{
    return zone_days_of(civil->year, civil->month, civil->day) * DAY_MINUTES +
           (int64_t)civil->hour * 60 + civil->minute;
}

void finish_freeze(struct loader *loader, const struct node *node, size_t i UNUSED, void *element)
{
    const struct flow_window *window = element;
    const struct window_edge *from = &window->from;
    const struct window_edge *to = &window->to;

    if (!is_edge(from) || !is_edge(to))
        return; /* reported */
    if (from->is_weekly != to->is_weekly)
        loader_problem(loader, node,
                       "from: and to: are of two kinds: give both as weekday and time, or both as "
                       "dates");
    else if (from->is_weekly && (to->minute_of_week - from->minute_of_week) % WEEK_MINUTES == 0)
        loader_problem(
            loader, node,
            "from: and to: are the same moment of the week, which means always or never; "
            "to stop everything for now, use `envflow freeze`");
    else if (!from->is_weekly && minute_of(&to->once) <= minute_of(&from->once))
        loader_problem(loader, node,
                       "it ends before it begins, and so would never freeze anything");
}

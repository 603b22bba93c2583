/* Bodies of requests: one JSON object of known keys. */
#include "admin_int.h"

#include <string.h>

#include "github/payload.h"

static bool copy_text(const json_t *value, const struct body_field *field, struct err *err)
{
    if (json_is_null(value))
        return true;
    if (!json_is_string(value))
        return err_set(err, ERR_PARSE, "'%s' must be text", field->name);
    if (json_string_length(value) >= field->size) /* NUL bytes were refused when it was parsed */
        return err_set(err, ERR_PARSE, "'%s' is longer than %zu bytes", field->name,
                       field->size - 1);
    memcpy(field->to, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool copy_flag(const json_t *value, const struct body_field *field, struct err *err)
{
    if (!json_is_boolean(value))
        return err_set(err, ERR_PARSE, "'%s' must be true or false", field->name);
    *(bool *)field->to = json_is_true(value);
    return true;
}

/* A list of words, joined by commas: none may hold one. */
static bool copy_list(const json_t *value, const struct body_field *field, struct err *err)
{
    AUTO(buf) struct buf joined = BUF_INIT(field->size - 1);

    if (!json_is_array(value))
        return err_set(err, ERR_PARSE, "'%s' must be a list", field->name);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        if (!json_is_string(item))
            return err_set(err, ERR_PARSE, "'%s' must be a list of texts", field->name);
        if (json_string_length(item) == 0 || strchr(json_string_value(item), ',') != NULL)
            return err_set(err, ERR_PARSE, "'%s' must be a list of single words, not '%.40s'",
                           field->name, json_string_value(item));
        buf_printf(&joined, "%s%s", i > 0 ? "," : "", json_string_value(item));
    }
    if (joined.failed)
        return err_set(err, ERR_PARSE, "'%s' is too long", field->name);
    memcpy(field->to, buf_text(&joined), joined.len + 1);
    return true;
}

static bool copy_value(const json_t *value, const struct body_field *field, struct err *err)
{
    static bool (*const copies[])(const json_t *, const struct body_field *, struct err *) = {
        [BODY_TEXT] = copy_text, [BODY_FLAG] = copy_flag, [BODY_LIST] = copy_list};

    return copies[field->type](value, field, err);
}

static const struct body_field *find_field(const struct body_field *fields, size_t count,
                                           const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static bool read_object(json_t *tree, const struct body_field *fields, size_t count,
                        struct err *err)
{
    const char *key = NULL;
    const json_t *value = NULL;

    json_object_foreach(tree, key, value)
    {
        const struct body_field *field = find_field(fields, count, key);
        if (field == NULL)
            return err_set(err, ERR_PARSE, "there is no field '%.60s' here", key);
        if (!copy_value(value, field, err))
            return false;
    }
    return true;
}

static bool parse_body(const char *text, size_t len, const struct body_field *fields, size_t count,
                       struct err *err)
{
    json_error_t where;
    AUTO(json) json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);

    if (!json_is_object(tree))
        return err_set(err, ERR_PARSE, "the body is no JSON object%s%.80s",
                       tree == NULL ? ": " : "", tree == NULL ? where.text : "");
    return read_object(tree, fields, count, err);
}

bool admin_read_body(struct call *call, const struct body_field *fields, size_t count,
                     struct err *err)
{
    size_t len = 0;
    const char *text = http_request_body(call->request, &len);

    if (len > 0 && !parse_body(text, len, fields, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (fields[i].is_needed && ((const char *)fields[i].to)[0] == '\0')
            return err_set(err, ERR_PARSE, "'%s' is missing", fields[i].name);
    }
    return true;
}

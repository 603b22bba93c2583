/* `envflow config show`: a configuration as YAML that loads again. */
#include "show_int.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "cfg/cfg.h"

/* Words, numbers and times of day that other readers of YAML would not take for text. */
static bool is_special(const char *text)
{
    static const char *const words[] = {"",   "~",   "null", "true", "false", "yes", "no",
                                        "on", "off", "y",    "n",    ".inf",  ".nan"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(words[i], text) == 0)
            return true;
    }
    return strchr("0123456789.+-", text[0]) != NULL &&
           text[strspn(text, "0123456789.+-_:xXoOabcdefABCDEF")] == '\0';
}

/* Fewer than YAML allows: what nobody has to think about. */
static bool is_plain(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char inside[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "._/:@+*-";
    size_t len = strlen(text);

    if (is_special(text) || text[len - 1] == ':')
        return false;
    return strchr("./", text[0]) != NULL || strchr(letters, text[0]) != NULL
               ? text[strspn(text, inside)] == '\0'
               : false;
}

/* The character at `at`, which is valid UTF-8, and its length. */
static uint32_t decode(const unsigned char *at, size_t *ret_len)
{
    size_t len = *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : *at >= 0xC0 ? 2 : 1;
    uint32_t code = len == 1 ? *at : *at & (0x7FU >> len);

    for (size_t i = 1; i < len && at[i] != '\0'; i++)
        code = code << 6 | (at[i] & 0x3FU);
    *ret_len = len;
    return code;
}

/* What YAML 1.1 refuses unescaped, and its line breaks, which quotes would fold into spaces.
 * Source: yaml.org/spec/1.1, productions 1 (c-printable) and 22 to 29. */
static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           code == 0xFEFF || code == 0xFFFE || code == 0xFFFF;
}

void show_text(struct buf *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t len;

    if (is_plain(text)) {
        buf_puts(out, text);
        return;
    }
    buf_putc(out, '"');
    for (; *at != '\0'; at += len) {
        uint32_t code = decode(at, &len);
        if (needs_escape(code)) {
            buf_printf(out, "\\u%04X", (unsigned)code);
            continue;
        }
        if (code == '"' || code == '\\')
            buf_putc(out, '\\');
        buf_append(out, at, len);
    }
    buf_putc(out, '"');
}

void show_texts(struct buf *out, const char *const *texts)
{
    buf_putc(out, '[');
    for (size_t i = 0; texts[i] != NULL; i++) {
        buf_puts(out, i == 0 ? " " : ", ");
        show_text(out, texts[i]);
    }
    buf_puts(out, " ]");
}

void show_indent(struct buf *out, unsigned indent)
{
    buf_printf(out, "%*s", (int)indent, "");
}

void show_table(const struct cfg_table *table, const void *base, unsigned indent, struct buf *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct cfg_key *key = &table->keys[i];
        if (!key->type->is_set(key, base))
            continue;
        show_indent(out, indent);
        buf_printf(out, "%s:%s", key->name, key->type->is_block ? "\n" : " ");
        key->type->show(key, base, indent + 2, out);
        if (!key->type->is_block)
            buf_putc(out, '\n');
    }
}

bool table_is_set(const struct cfg_table *table, const void *base)
{
    bool is_set = false;

    for (size_t i = 0; i < table->count; i++) {
        const struct cfg_key *key = &table->keys[i];
        if (key->type->is_set(key, base))
            is_set = true;
        else if (key->missing != NULL)
            return false;
    }
    return is_set;
}

void cfg_show(const struct cfg *cfg, struct buf *out)
{
    show_table(&cfg_root, cfg, 0, out);
}

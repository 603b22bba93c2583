#include "head_int.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"

/* Bytes of a token (RFC 9110, 5.6.2) map to their lower case, all others to 0. */
/* clang-format off */
static const char token_lower[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*',
    ['+'] = '+', ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`', ['|'] = '|',
    ['~'] = '~',
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9',
    ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f', ['G'] = 'g',
    ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm', ['N'] = 'n',
    ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u',
    ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z',
    ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['g'] = 'g',
    ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k', ['l'] = 'l', ['m'] = 'm', ['n'] = 'n',
    ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's', ['t'] = 't', ['u'] = 'u',
    ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};
/* clang-format on */

/* Methods the oracles of the tests know too. CONNECT and TRACE make no sense here. */
static const char *const methods[] = {"POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};

void http_head_init(struct http_head *head, struct http_field *fields)
{
    *head = (struct http_head){.fields = fields};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint32_t offset_of(const char *bytes, const char *at)
{
    return (uint32_t)(at - bytes);
}

/* ---- request line ---- */

static enum http_fault take_version(struct http_head *head, const char *version)
{
    if (strncmp(version, "HTTP/", 5) != 0 || strlen(version) != 8 || !is_digit(version[5]) ||
        version[6] != '.' || !is_digit(version[7]))
        return HTTP_FAULT_REQUEST_LINE;
    if (version[5] != '1' || version[7] > '1')
        return HTTP_FAULT_VERSION;
    head->minor_version = (uint8_t)(version[7] - '0');
    return HTTP_FAULT_NONE;
}

static enum http_fault take_method(struct http_head *head, const char *method)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(method, methods[i]) == 0) {
            head->is_head_method = strcmp(method, "HEAD") == 0;
            return HTTP_FAULT_NONE;
        }
    }
    return HTTP_FAULT_METHOD;
}

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes the path in place. Control bytes are refused in every disguise: whoever prints or
 * compares the path as text must see all of it. */
static enum http_fault decode_path(char *path)
{
    char *to = path;

    for (const char *from = path; *from != '\0'; from++) {
        int byte = (unsigned char)*from;
        if (byte == '%') {
            int high = hex_value(from[1]);
            int low = high < 0 ? -1 : hex_value(from[2]);
            if (low < 0)
                return HTTP_FAULT_TARGET_ESCAPE;
            byte = high * 16 + low;
            if (byte < 0x20 || byte == 0x7F)
                return HTTP_FAULT_TARGET_ESCAPE;
            from += 2;
        }
        *to++ = (char)byte;
    }
    *to = '\0';
    return HTTP_FAULT_NONE;
}

/* Origin form only: a target with an authority could name another host than Host does. */
static enum http_fault take_target(struct http_head *head, const char *bytes, char *target)
{
    if (target[0] != '/')
        return HTTP_FAULT_TARGET;
    for (const char *at = target; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7F || *at == '#')
            return HTTP_FAULT_TARGET;
    }

    size_t path_len = strcspn(target, "?");
    char *query = target + path_len;
    if (*query == '?')
        *query++ = '\0';
    head->path = offset_of(bytes, target);
    head->query = offset_of(bytes, query);
    return decode_path(target);
}

/* line is NUL-terminated where its CR was, and len tells whether a NUL came before that. */
static enum http_fault take_request_line(struct http_head *head, const char *bytes, char *line,
                                         size_t len)
{
    char *target = memchr(line, ' ', len);
    char *version = target == NULL ? NULL : strchr(target + 1, ' ');

    if (len == 0)
        return HTTP_FAULT_EMPTY_LINE;
    if (version == NULL || strlen(line) != len)
        return HTTP_FAULT_REQUEST_LINE;
    *target++ = '\0';
    *version++ = '\0';
    head->method = offset_of(bytes, line);
    head->has_request_line = true;

    enum http_fault fault = take_version(head, version);
    if (fault == HTTP_FAULT_NONE)
        fault = take_method(head, line);
    if (fault == HTTP_FAULT_NONE)
        fault = take_target(head, bytes, target);
    return fault;
}

/* ---- headers that mean something to the server ---- */

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
           (c != '\0' && strchr("-._~:[]%!$&'()*+;=", c) != NULL);
}

static enum http_fault take_host(struct http_head *head, const char *value)
{
    (void)head;
    if (*value == '\0')
        return HTTP_FAULT_HOST;
    for (; *value != '\0'; value++) {
        if (!is_host_byte(*value))
            return HTTP_FAULT_HOST;
    }
    return HTTP_FAULT_NONE;
}

/* Eighteen digits cannot overflow, and no body comes near them. */
static enum http_fault take_content_length(struct http_head *head, const char *value)
{
    uint64_t length = 0;
    size_t digits = strlen(value);

    if (digits == 0 || digits > 18)
        return HTTP_FAULT_LENGTH;
    for (; *value != '\0'; value++) {
        if (!is_digit(*value))
            return HTTP_FAULT_LENGTH;
        length = length * 10 + (uint64_t)(*value - '0');
    }
    head->content_length = length;
    return HTTP_FAULT_NONE;
}

static enum http_fault take_transfer_encoding(struct http_head *head, const char *value)
{
    if (strcmp(value, "chunked") != 0)
        return HTTP_FAULT_TRANSFER_ENCODING;
    head->is_chunked = true;
    return HTTP_FAULT_NONE;
}

static enum http_fault take_connection(struct http_head *head, const char *value)
{
    while (*value != '\0') {
        value += strspn(value, ", \t");
        size_t len = strcspn(value, ", \t");
        if (len == 5 && strncasecmp(value, "close", len) == 0)
            head->wants_close = true;
        if (len == 10 && strncasecmp(value, "keep-alive", len) == 0)
            head->wants_keep_alive = true;
        value += len;
    }
    return HTTP_FAULT_NONE;
}

/* An empty Expect asks for nothing; GitHub's deliveries once carried one. */
static enum http_fault take_expect(struct http_head *head, const char *value)
{
    if (*value == '\0')
        return HTTP_FAULT_NONE;
    if (strcasecmp(value, "100-continue") != 0)
        return HTTP_FAULT_EXPECTATION;
    head->wants_continue = true;
    return HTTP_FAULT_NONE;
}

enum { SEEN_HOST = 1U << 0, SEEN_LENGTH = 1U << 1, SEEN_TRANSFER_ENCODING = 1U << 2 };

/* clang-format off */
static const struct {
    struct http_name name;
    uint32_t once; /* bit in head->seen; 0 where it may be repeated */
    enum http_fault (*take)(struct http_head *head, const char *value); /* NULL: only once */
} known[] = {
#define NAME(text) {(text), sizeof(text) - 1}
    {NAME("host"),              SEEN_HOST,              take_host},
    {NAME("content-length"),    SEEN_LENGTH,            take_content_length},
    {NAME("transfer-encoding"), SEEN_TRANSFER_ENCODING, take_transfer_encoding},
    {NAME("connection"),        0,                      take_connection},
    {NAME("expect"),            1U << 3,                take_expect},
    {NAME("content-type"),      1U << 4,                NULL},
    {NAME("authorization"),     1U << 5,                NULL},
#undef NAME
};
/* clang-format on */

/* Bits of http_head_rules.singles follow those of the table above. */
#define SINGLES_SHIFT 8

_Static_assert(SINGLES_SHIFT + HTTP_SINGLES_MAX <= 32, "seen has a bit for every single header");

static bool name_equal(const struct http_name *name, const char *text, size_t len)
{
    return name->len == len && memcmp(name->text, text, len) == 0;
}

static enum http_fault see_once(struct http_head *head, uint32_t bit)
{
    if ((head->seen & bit) != 0)
        return HTTP_FAULT_HEADER_TWICE;
    head->seen |= bit;
    return HTTP_FAULT_NONE;
}

static enum http_fault take_meaning(struct http_head *head, const struct http_head_rules *rules,
                                    const struct http_name *name, const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (!name_equal(&known[i].name, name->text, name->len))
            continue;
        enum http_fault fault = see_once(head, known[i].once);
        return fault == HTTP_FAULT_NONE && known[i].take != NULL ? known[i].take(head, value)
                                                                 : fault;
    }
    for (size_t i = 0; i < rules->singles_count; i++) {
        if (name_equal(&rules->singles[i], name->text, name->len))
            return see_once(head, 1U << (SINGLES_SHIFT + i));
    }
    return HTTP_FAULT_NONE;
}

/* ---- a header line ---- */

/* Lower-cases the name in place and returns its length; *ret_fault where it is none. */
static size_t take_name(char *line, size_t len, enum http_fault *ret_fault)
{
    size_t at = 0;

    while (at < len && token_lower[(unsigned char)line[at]] != 0) {
        line[at] = token_lower[(unsigned char)line[at]];
        at++;
    }
    if (at == len)
        *ret_fault = HTTP_FAULT_NO_COLON;
    else if (at == 0 || line[at] != ':')
        *ret_fault = HTTP_FAULT_HEADER_NAME;
    return at;
}

/* Tabs around a value are not taken for padding: parsers differ about them behind a number. */
static bool is_value(const char *value, size_t len)
{
    bool good = len == 0 || (value[0] != '\t' && value[len - 1] != '\t');

    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)value[i];
        good = good && (byte >= 0x20 || byte == '\t') && byte != 0x7F;
    }
    return good;
}

static enum http_fault take_header(struct http_head *head, const struct http_head_rules *rules,
                                   const char *bytes, char *line, size_t len)
{
    enum http_fault fault = HTTP_FAULT_NONE;

    if (is_blank(line[0]))
        return HTTP_FAULT_FOLDED;
    size_t name_len = take_name(line, len, &fault);
    if (fault != HTTP_FAULT_NONE)
        return fault;

    char *value = line + name_len + 1;
    char *end = line + len;
    while (value < end && *value == ' ')
        value++;
    while (end > value && end[-1] == ' ')
        end--;
    if (!is_value(value, (size_t)(end - value)))
        return HTTP_FAULT_HEADER_VALUE;
    if (head->fields_count == rules->headers_max)
        return HTTP_FAULT_HEADERS_MANY;

    line[name_len] = '\0';
    *end = '\0';
    head->fields[head->fields_count++] = (struct http_field){
        .name = offset_of(bytes, line),
        .value = offset_of(bytes, value),
        .name_len = (uint32_t)name_len,
    };
    return take_meaning(head, rules, &(struct http_name){line, name_len}, value);
}

/* ---- the whole ---- */

/* The empty line has come: what holds between headers. */
static enum http_fault take_end(struct http_head *head)
{
    bool chunked = (head->seen & SEEN_TRANSFER_ENCODING) != 0;

    head->is_done = true;
    if (chunked && (head->seen & SEEN_LENGTH) != 0)
        return HTTP_FAULT_LENGTH_AND_CHUNKED;
    if (chunked && head->minor_version == 0)
        return HTTP_FAULT_TRANSFER_ENCODING;
    if (head->minor_version == 1 && (head->seen & SEEN_HOST) == 0)
        return HTTP_FAULT_HOST;
    if (head->minor_version == 0)
        head->wants_continue = false; /* RFC 9110, 10.1.1: a 1.0 client cannot mean it */
    return HTTP_FAULT_NONE;
}

static enum http_fault take_whole_line(struct http_head *head, const struct http_head_rules *rules,
                                       const char *bytes, char *line, size_t len)
{
    if (!head->has_request_line)
        return take_request_line(head, bytes, line, len);
    return len == 0 ? take_end(head) : take_header(head, rules, bytes, line, len);
}

static enum http_fault take_line(struct http_head *head, const struct http_head_rules *rules,
                                 char *bytes, char *line_end)
{
    char *line = bytes + head->line;

    if (line_end == line || line_end[-1] != '\r')
        return HTTP_FAULT_BARE_LF;
    size_t len = (size_t)(line_end - line) - 1;
    line[len] = '\0';
    head->line = head->scanned = offset_of(bytes, line_end + 1);

    /* No line that holds a CR is taken; the reason does not depend on how its bytes arrive. */
    enum http_fault fault = take_whole_line(head, rules, bytes, line, len);
    return fault != HTTP_FAULT_NONE && memchr(line, '\r', len) != NULL ? HTTP_FAULT_BARE_CR : fault;
}

/* What speaks another protocol (TLS on a plain port) may never send a line end: its first byte
 * tells. */
static enum http_fault judge_first_byte(const struct http_head *head, const char *bytes)
{
    if (head->has_request_line || token_lower[(unsigned char)bytes[0]] != 0)
        return HTTP_FAULT_NONE;
    return bytes[0] == '\r' || bytes[0] == '\n' ? HTTP_FAULT_EMPTY_LINE : HTTP_FAULT_REQUEST_LINE;
}

/* There is no LF yet, so a CR can only be the last byte: some parsers take any byte behind a CR for
 * the LF, and would think this line complete. */
static enum http_fault await_line_end(struct http_head *head, const char *bytes, size_t end)
{
    const char *cr = memchr(bytes + head->scanned, '\r', end - head->scanned);

    head->scanned = cr != NULL ? offset_of(bytes, cr) : (uint32_t)end;
    return cr != NULL && cr + 1 < bytes + end ? HTTP_FAULT_BARE_CR : HTTP_FAULT_NONE;
}

enum http_head_status http_head_parse(struct http_head *head, const struct http_head_rules *rules,
                                      char *bytes, size_t len)
{
    size_t end = len < rules->head_bytes_max ? len : rules->head_bytes_max;

    assert(head->scanned <= end);
    if (end > 0 && head->fault == HTTP_FAULT_NONE)
        head->fault = judge_first_byte(head, bytes);
    while (!head->is_done && head->fault == HTTP_FAULT_NONE) {
        char *line_end = memchr(bytes + head->scanned, '\n', end - head->scanned);
        if (line_end != NULL) {
            head->fault = take_line(head, rules, bytes, line_end);
            continue;
        }
        head->fault = await_line_end(head, bytes, end);
        if (head->fault == HTTP_FAULT_NONE && end == rules->head_bytes_max)
            head->fault = HTTP_FAULT_HEAD_LONG;
        if (head->fault == HTTP_FAULT_NONE)
            return HTTP_HEAD_MORE;
    }
    return head->fault == HTTP_FAULT_NONE ? HTTP_HEAD_DONE : HTTP_HEAD_REFUSED;
}

const char *http_head_find(const struct http_head *head, const char *bytes, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < head->fields_count; i++) {
        const struct http_field *field = &head->fields[i];
        if (field->name_len == len && memcmp(bytes + field->name, name, len) == 0)
            return bytes + field->value;
    }
    return NULL;
}

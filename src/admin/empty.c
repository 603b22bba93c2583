/* admin */
typedef int admin_is_empty;

// Lets Debian's libhwloc.a link into a static tool. It refers to libudev, which has no static library, and to dlopen()
// for plugins, which a static program must not load. These stubs refuse, and hwloc does without. Only static builds
// have them.

extern "C" {

// The return types are pointers to types that hwloc only passes on.
void* udev_new() { return nullptr; }
void* udev_unref(void*) { return nullptr; }
void* udev_device_new_from_subsystem_sysname(void*, const char*, const char*) { return nullptr; }
void* udev_device_unref(void*) { return nullptr; }
const char* udev_device_get_property_value(void*, const char*) { return nullptr; }

void* dlopen(const char*, int) { return nullptr; }
void* dlsym(void*, const char*) { return nullptr; }
int dlclose(void*) { return 0; }
}

package vitals

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestRead(t *testing.T) {
	yes, no := true, false
	warm := 61.5
	for _, c := range []struct {
		name  string
		files map[string]string
		want  Vitals
	}{
		{"nothing", nil, Vitals{}},
		{"a supply that sags", map[string]string{"class/hwmon/hwmon1/name": "rpi_volt", "class/hwmon/hwmon1/in0_lcrit_alarm": "1"}, Vitals{Undervoltage: &yes}},
		{"a supply in order", map[string]string{"class/hwmon/hwmon0/name": "cpu_thermal", "class/hwmon/hwmon1/name": "rpi_volt", "class/hwmon/hwmon1/in0_lcrit_alarm": "0"}, Vitals{Undervoltage: &no}},
		{"it sags now", map[string]string{"devices/platform/soc/soc:firmware/get_throttled": "50005"}, Vitals{Undervoltage: &yes}},
		{"it sagged in the night", map[string]string{"devices/platform/soc/soc:firmware/get_throttled": "0x50000"}, Vitals{Undervoltage: &no}},
		{"words for flags", map[string]string{"devices/platform/soc/soc:firmware/get_throttled": "zzz"}, Vitals{}},
		{"the hottest counts", map[string]string{"class/thermal/thermal_zone0/temp": "48123", "class/thermal/thermal_zone1/temp": "61500", "class/thermal/thermal_zone2/temp": ""}, Vitals{CPUCelsius: &warm}},
		{"eMMC", map[string]string{"block/mmcblk1/device/life_time": "0x01 0x0b", "block/mmcblk1/device/pre_eol_info": "0x02"}, Vitals{Cards: []Card{{"mmcblk1", 110, SpareWarning}}}},
		{"an SD card tells nothing", map[string]string{"block/mmcblk0/device/name": "SD32G"}, Vitals{}},
		{"wear of nonsense", map[string]string{"block/mmcblk0/device/life_time": "0xff lots", "block/mmcblk0/device/pre_eol_info": "0x77"}, Vitals{Cards: []Card{{Name: "mmcblk0"}}}},
		{"errors", map[string]string{"fs/ext4/mmcblk0p2/errors_count": "0", "fs/ext4/mmcblk0p5/errors_count": "3", "fs/ext4/features/metadata_csum_seed": "supported"}, Vitals{Filesystems: []Filesystem{{"mmcblk0p2", 0}, {"mmcblk0p5", 3}}}},
	} {
		root := t.TempDir()
		for file, text := range c.files {
			path := filepath.Join(root, "sys", file)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := Read(root); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

#!/bin/bash
# Takes out of a kernel's modules what no box has. Usage: prune.sh MODULES/kernel
# What looks needless and is not: media/mc (USB sound), iio and hid (GPIO over USB),
# staging/vc04_services (the Raspberry Pi's jack), scsi (sticks). Screens need no driver of
# what reckons pictures in three dimensions; lima alone cost an emulated Orange Pi a minute.
set -euo pipefail
cd "$1"
find drivers/media -mindepth 1 -maxdepth 1 ! -name mc -exec rm -rf {} +
find drivers/scsi -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
rm -rf drivers/{infiniband,isdn,atm,edac,nvme,md/raid*,accel,soundwire,target,comedi,staging/media} \
	drivers/gpu/drm/{amd,nouveau,radeon,i915,msm,xe,etnaviv,tegra,lima,panfrost,panthor,v3d,vgem} \
	drivers/net/ethernet/{mellanox,chelsio,qlogic,intel,broadcom/bnx*,cavium,marvell/octeontx2,sfc,huawei,netronome,qualcomm,hisilicon,freescale} \
	drivers/net/wireless/{ath,intel,mediatek,marvell,rsi,quantenna,ti} \
	fs/{bcachefs,btrfs,xfs,ocfs2,gfs2,ceph,smb,afs,jfs,nilfs2,reiserfs,f2fs,ubifs,orangefs,nfs,nfsd,dlm,coda,9p} \
	net/{bluetooth,mac802154,ieee802154,sctp,tipc,rxrpc,batman-adv,openvswitch,ceph,sunrpc,appletalk,dccp,rds,smc} \
	sound/{pci/[!h]*,firewire}

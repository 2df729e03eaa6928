"""What a compiled kernel's code tells is read right: widths, copies, tensor cores, registers, on NVIDIA's and AMD's."""

from __future__ import annotations

from triton_quest.child.triton.binaries import dots, read_amdgcn, read_ptx
from triton_quest.records.measured import Dot, Width

PTX = """
.reqntid 128
    @%p1 ld.global.v4.b32 { %r1, %r2, %r3, %r4 }, [ %rd1 + 0 ];
    ld.global.L1::evict_last.v2.b64 { %rd2, %rd3 }, [ %rd1 + 0 ];
    ld.global.nc.b16 %rs1, [ %rd1 ];
    ld.param.b64    %rd4, [kernel_param_0];
    ld.shared.v4.b32 { %r5, %r6, %r7, %r8 }, [ %r9 ];
    st.global.b32 [ %rd1 + 0 ], { %r1 };
    cp.async.cg.shared.global [ %r10 + 0 ], [ %rd1 + 0 ], 0x10, %r11;
    cp.async.ca.shared.global [ %r10 + 0 ], [ %rd1 + 0 ], 4, %r11;
    cp.async.commit_group ;
    mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 { %f1 }, { %r1 }, { %r2 }, { %f1 };
"""

GCN = """
    buffer_load_dwordx4 v[2:5], v1, s[8:11], 0 offen
    global_load_ushort v6, v[2:3], off
    buffer_load_dword v1, s[8:11], 0 offen lds
    global_store_dwordx2 v[2:3], v[4:5], off
    v_mfma_f32_32x32x8_f16 a[0:15], v[0:1], v[2:3], a[0:15]
    .vgpr_count:     170
    .vgpr_spill_count: 3
"""

TTIR = """
%c = tt.dot %a, %b, %z : tensor<64x32xf16> * tensor<32x128xf16> -> tensor<64x128xf32> loc(#loc1)
%d = tt.dot %a, %b, %z, inputPrecision = tf32 : tensor<16x16xf32> * tensor<16x16xf32> -> tensor<16x16xf32>
%e = tt.dot %a, %b, %z : tensor<16x16xf32> * tensor<16x16xf32> -> tensor<16x16xf32>
%f = tt.dot %a, %b, %z {maxNumImpreciseAcc = 0 : i32} : tensor<16x16xbf16> * tensor<16x16xbf16> -> tensor<16x16xf32>
"""


def test_ptx_tells_widths_copies_and_tensor_cores_of_global_memory_alone() -> None:
    assert read_ptx(PTX) == {
        "loads": (Width(16, 2), Width(2, 1)),
        "stores": (Width(4, 1),),
        "copies": (Width(16, 1), Width(4, 1)),
        "tensor_cores": ("mma.sync",),
    }


def test_amds_assembly_tells_registers_and_spills_too() -> None:
    assert read_amdgcn(GCN) == {
        "loads": (Width(16, 1), Width(2, 1)),
        "stores": (Width(8, 1),),
        "copies": (Width(4, 1),),
        "tensor_cores": ("v_mfma",),
        "registers": 170,
        "spilled_bytes": 12,
    }


def test_each_dot_is_found_with_its_type_its_precision_and_its_shape() -> None:
    assert list(dots(TTIR)) == [
        Dot("fp16", "", (64, 128, 32)),
        Dot("fp32", "tf32", (16, 16, 16)),
        Dot("fp32", "ieee", (16, 16, 16)),
        Dot("bf16", "", (16, 16, 16)),
    ]
